import type { Express } from 'express';

interface RouteLayer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/** The methods of the routes whose pattern fits `path`, sorted; none for an unknown path. Reads Express's own table, so it cannot go stale. */
export function allowedMethods(app: Express, path: string): string[] {
  const layers = app.router.stack as unknown as readonly RouteLayer[];
  const routes = layers.filter((layer) => layer.route && fits(layer, path)).map((layer) => Object.keys(layer.route?.methods ?? {}));
  const methods = new Set(routes.flat().map((method) => method.toUpperCase()));
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}

/** A layer throws on a path that cannot be decoded. */
function fits(layer: RouteLayer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}
