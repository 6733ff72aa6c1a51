import { digits } from './report.js';
import { type Section } from './section.js';

const [WIDTH, LEFT, RIGHT, LINE, GAP] = [900, 230, 190, 18, 34];
/** Bars begin at this fraction of the fastest. */
const LEAST = 1e-4;

/** An SVG with one bar for each contender at each work: how fast beside the fastest there, on a logarithmic scale. */
export function drawChart(title: string, sections: readonly Section[]): string {
  const lines: string[] = [];
  let y = 40;
  for (const { name, description, rows } of sections) {
    const timed = rows.flatMap((row) =>
      row.oursFaster === undefined ? [] : [{ ...row, slowness: row.oursFaster }],
    );
    if (timed.length === 0) continue;
    y += GAP;
    lines.push(text(10, y - 8, `${name}: ${description}`, 'font-weight="bold"'));
    const fastest = Math.min(...timed.map(({ slowness }) => slowness));
    for (const { title, value = NaN, unit, slowness } of timed) {
      const length =
        Math.max(0.004, 1 - Math.log(fastest / slowness) / Math.log(LEAST)) * (WIDTH - LEFT - RIGHT);
      const color = title.startsWith('downhill') ? '#0a7' : '#89a';
      lines.push(
        text(LEFT - 8, y + 13, title, 'text-anchor="end"'),
        `<rect x="${LEFT}" y="${y + 2}" width="${length.toFixed(1)}" height="${LINE - 4}" fill="${color}"/>`,
        text(LEFT + length + 6, y + 13, `${digits(value)} ${unit}`),
      );
      y += LINE;
    }
  }
  const height = y + 20;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" ` +
      'font-family="sans-serif" font-size="12">',
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    text(10, 24, title, 'font-size="16"'),
    text(10, 42, 'Longer is faster; each quarter of the width is a factor of ten.', 'fill="#666"'),
    ...lines,
    '</svg>\n',
  ].join('\n');
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escaped}</text>`;
}
