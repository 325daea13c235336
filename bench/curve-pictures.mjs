// Pictures of curves: p95 over the size of the world, both in powers of ten, a line for each route. Returns an SVG text for each group.
const COLOURS = [
  '#0b6bcb',
  '#c41c1c',
  '#1f7a1f',
  '#9a5b13',
  '#7a3fb0',
  '#00838f',
  '#555e68',
  '#b0307a',
  '#5c7f00',
  '#3949ab',
  '#ad5b00',
  '#00695c',
  '#8d6e63',
];
const [WIDTH, HEIGHT, LEFT, TOP, PLOT_WIDTH, PLOT_HEIGHT] = [900, 380, 60, 40, 480, 290];

/** `figures`: size, group, name and p95_ms each. */
export function drawCurves(figures) {
  const groups = [...new Set(figures.map(({ group }) => group))];
  return groups.map((group) => [
    group,
    picture(
      group,
      figures.filter((one) => one.group === group && one.p95_ms > 0),
    ),
  ]);
}

function picture(group, figures) {
  const sizes = [...new Set(figures.map(({ size }) => size))].sort((a, b) => a - b);
  const values = figures.map(({ p95_ms }) => p95_ms);
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const x = (size) => LEFT + (PLOT_WIDTH * Math.log10(size / sizes[0])) / Math.max(1e-9, Math.log10(sizes.at(-1) / sizes[0]));
  const y = (ms) => TOP + PLOT_HEIGHT * (1 - (Math.log10(ms) - low) / (high - low));
  const powers = Array.from({ length: high - low + 1 }, (_, k) => 10 ** (low + k));
  const grid = [
    ...powers.map(
      (ms) =>
        `<line x1="${LEFT}" x2="${LEFT + PLOT_WIDTH}" y1="${at(y(ms))}" y2="${at(y(ms))}" stroke="#ddd"/><text x="${LEFT - 6}" y="${at(y(ms) + 4)}" text-anchor="end">${ms} ms</text>`,
    ),
    ...sizes.map(
      (size) => `<text x="${at(x(size))}" y="${TOP + PLOT_HEIGHT + 20}" text-anchor="middle">${size.toLocaleString('en')}</text>`,
    ),
  ];
  const lines = [...new Set(figures.map(({ name }) => name))].map((name, nr) => {
    const points = figures.filter((one) => one.name === name).sort((a, b) => a.size - b.size);
    const colour = COLOURS[nr % COLOURS.length];
    const path = points.map(({ size, p95_ms }) => `${at(x(size))},${at(y(p95_ms))}`).join(' ');
    const dots = points.map(({ size, p95_ms }) => `<circle cx="${at(x(size))}" cy="${at(y(p95_ms))}" r="3" fill="${colour}"/>`).join('');
    const label = `<text x="${LEFT + PLOT_WIDTH + 20}" y="${TOP + 10 + nr * 20}" fill="${colour}">${escaped(name)}: ${points.map(({ p95_ms }) => p95_ms).join(' · ')}</text>`;
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots}${label}`;
  });
  const title = `<text x="${LEFT}" y="20" font-weight="bold">${escaped(group)}: p95 over resources, ms</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>${title}${grid.join('')}${lines.join('')}</svg>\n`;
}

const at = (value) => Math.round(value * 10) / 10;
const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
