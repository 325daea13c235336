// Circles of imports inside one library or app: of folders (files directly in `src` belong to none) and of files. Type imports count.
import { dirname } from 'node:path';

export function cyclesOf(files) {
  const rooms = [...new Set(files.map(({ room }) => room))];
  const circles = (keyOf, edgeIs = () => true) =>
    rooms.flatMap((room) => {
      const graph = new Map();
      for (const file of files.filter((one) => one.room === room)) {
        const from = keyOf(file.path, room);
        if (from === undefined) continue;
        const into = graph.get(from) ?? graph.set(from, new Set()).get(from);
        for (const imported of file.imports) {
          const to = keyOf(imported.path, room);
          if (to !== undefined && to !== from && edgeIs(imported)) into.add(to);
        }
      }
      return circlesOf(graph).map((members) => ({ room, of: graph.size, members: members.toSorted() }));
    });
  return { folders: circles(folderOf), files: circles((path, room) => path.slice(room.length + 5)), filesByValue: circles((path, room) => path.slice(room.length + 5), ({ type }) => !type) }; // prettier-ignore
}

function folderOf(path, room) {
  const folder = dirname(path.slice(room.length + 5));
  return folder === '.' ? undefined : folder;
}

/** Strongly connected parts of more than one member (Tarjan). */
function circlesOf(graph) {
  const [index, low, stack, found] = [new Map(), new Map(), [], []];
  const visit = (node) => {
    index.set(node, index.size);
    low.set(node, index.get(node));
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node), low.get(next)));
    }
    if (low.get(node) !== index.get(node)) return;
    const members = stack.splice(stack.indexOf(node));
    if (members.length > 1) found.push(members);
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return found;
}
