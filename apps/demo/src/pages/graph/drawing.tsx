import { useEffect, useRef } from 'preact/hooks';
import { BOX, type Layout } from './layout.js';
import type { Part } from './step-graph.js';

/** What stands in a box. */
export interface Drawn {
  readonly title: string;
  readonly subtitle: string;
  readonly place: string;
  /** What those who listen hear after the texts above. */
  readonly more: string;
  readonly part: Part;
  /** Whether it was there before anything is computed. */
  readonly given: boolean;
}

interface DrawingProps {
  /** What is to be seen, in words. */
  readonly label: string;
  readonly layout: Layout;
  readonly contents: ReadonlyMap<number, Drawn>;
  readonly selected: number | undefined;
  /** Boxes that belong to what is selected. */
  readonly related: ReadonlySet<number>;
  readonly zoom: number;
  readonly onSelect: (id: number) => void;
}

/**
 * A graph of boxes. One of them can be tabbed to; from there arrows lead down and up the lines and to the boxes before and
 * after.
 */
export function Drawing({ label, layout, contents, selected, related, zoom, onSelect }: DrawingProps) {
  const svg = useRef<SVGSVGElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  // Where it begins: the first box, in the middle.
  useEffect(() => {
    const [first] = layout.boxes;
    const width = frame.current?.clientWidth ?? 0;
    frame.current?.scrollTo({ top: 0, left: first === undefined ? 0 : first.x * zoom - width / 2 });
  }, [layout]);
  const order = layout.boxes.map(({ id }) => id);
  const entrance = selected !== undefined && order.includes(selected) ? selected : order[0];
  const go = (id: number | undefined): void => {
    if (id === undefined) return;
    onSelect(id);
    svg.current?.querySelector<SVGGElement>(`[data-id="${id}"]`)?.focus();
  };
  const press = (event: KeyboardEvent, id: number): void => {
    const neighbours: Readonly<Record<string, () => number | undefined>> = {
      ArrowDown: () => layout.lines.find(({ from }) => from === id)?.to,
      ArrowUp: () => layout.lines.find(({ to }) => to === id)?.from,
      ArrowRight: () => order[order.indexOf(id) + 1],
      ArrowLeft: () => order[order.indexOf(id) - 1],
      Enter: () => id,
      ' ': () => id,
    };
    if (!Object.hasOwn(neighbours, event.key)) return;
    event.preventDefault();
    go(neighbours[event.key]());
  };
  return (
    <div class="graph-view" ref={frame}>
      <svg
        ref={svg}
        role="group"
        aria-label={label}
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        style={{ width: layout.width * zoom, height: layout.height * zoom }}
      >
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path class="arrow" d="M0 0L8 4L0 8z" />
          </marker>
        </defs>
        {layout.lines.map(({ from, to, points }) => (
          <path
            key={`${from} ${to}`}
            class={from === selected || to === selected ? 'line near' : 'line'}
            d={`M${points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}`}
            marker-end="url(#arrow)"
          />
        ))}
        {layout.boxes.map(({ id, x, y }) => {
          const content = contents.get(id);
          if (content === undefined) return null;
          const { title, subtitle, place, more, part, given } = content;
          const state = id === selected ? ' selected' : related.has(id) ? ' related' : '';
          return (
            <g
              key={id}
              data-id={id}
              class={`box ${part}${given ? ' given' : ''}${state}`}
              transform={`translate(${x} ${y})`}
              role="button"
              aria-label={`${title} ${subtitle} ${place}, ${more}`}
              aria-pressed={id === selected}
              tabindex={id === entrance ? 0 : -1}
              onClick={() => {
                go(id);
              }}
              onKeyDown={(event) => {
                press(event, id);
              }}
            >
              <rect
                x={-BOX.width / 2}
                y={-BOX.height / 2}
                width={BOX.width}
                height={BOX.height}
                rx={given ? 18 : 4}
              />
              {/* Blanks, or those who listen get one long word. */}
              <text y={-9}>{title}</text>{' '}
              <text y={6} class="small">
                {subtitle}
              </text>{' '}
              <text y={20} class="small">
                {place}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}
