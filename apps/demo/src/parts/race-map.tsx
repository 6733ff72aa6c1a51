import { useEffect, useRef, useState } from 'preact/hooks';
import type { ContourMap } from '../race/contour-map.js';
import { markOf } from '../race/marks.js';
import { ASPECT } from '../race/surfaces.js';
import type { Region, Trajectory } from '../race/trajectory.js';
import { color, theme } from '../theme.js';

/** A racer as it is drawn. */
export interface Run {
  readonly name: string;
  readonly title: string;
  /** Its place among all racers, which gives it its mark. */
  readonly place: number;
  readonly trajectory: Trajectory;
}

export interface RaceMapProps {
  /** What is to be seen, for those who do not see it. */
  readonly label: string;
  readonly region: Region;
  readonly map: ContourMap | undefined;
  readonly start: readonly [number, number];
  readonly minima: readonly (readonly [number, number])[];
  readonly runs: readonly Run[];
  /** How far the trails go. */
  readonly step: number;
  readonly onStart: (point: readonly [number, number]) => void;
}

const MARGIN = { left: 34, right: 8, top: 8, bottom: 24 };

/** The contours of a surface with the trails upon it. A click is where the next race starts. */
export function RaceMap(props: RaceMapProps) {
  const { label, region, map, start, minima, runs, step, onStart } = props;
  const ground = useRef<HTMLCanvasElement>(null);
  const trails = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => {
      setWidth(element.clientWidth);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, []);

  const frame = frameOf(region, width);
  const look = theme.value;
  useEffect(() => {
    const context = begin(ground.current, frame);
    if (context !== undefined) drawGround(context, frame, map, minima);
  }, [map, width, look, minima, region]);
  useEffect(() => {
    const context = begin(trails.current, frame);
    if (context !== undefined) drawTrails(context, frame, start, runs, step);
  }, [runs, step, width, look, start[0], start[1], region]);

  return (
    <div
      class="race-map"
      ref={host}
      role="img"
      aria-label={label}
      style={{ aspectRatio: String(ASPECT) }}
      onClick={({ clientX, clientY, currentTarget }) => {
        const box = currentTarget.getBoundingClientRect();
        const point = frame.pointAt(clientX - box.left, clientY - box.top);
        if (point !== undefined) onStart(point);
      }}
    >
      <canvas ref={ground} />
      <canvas ref={trails} />
    </div>
  );
}

/** Where points of the plane are on the canvas. */
interface Frame {
  readonly region: Region;
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly px: (x: number) => number;
  readonly py: (y: number) => number;
  /** The point of the plane at a place of the canvas, rounded to what a pixel tells; undefined outside the map. */
  readonly pointAt: (px: number, py: number) => readonly [number, number] | undefined;
}

function frameOf(region: Region, width: number): Frame {
  const height = width / ASPECT;
  const [left, right] = [MARGIN.left, width - MARGIN.right];
  const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
  const [x0, x1] = region.x;
  const [y0, y1] = region.y;
  const digits = Math.max(0, 2 - Math.floor(Math.log10(x1 - x0)));
  return {
    region,
    width,
    height,
    left,
    right,
    top,
    bottom,
    px: (x) => left + ((x - x0) / (x1 - x0)) * (right - left),
    py: (y) => bottom - ((y - y0) / (y1 - y0)) * (bottom - top),
    pointAt: (px, py) => {
      if (px < left || px > right || py < top || py > bottom) return undefined;
      const x = x0 + ((px - left) / (right - left)) * (x1 - x0);
      const y = y0 + ((bottom - py) / (bottom - top)) * (y1 - y0);
      return [Number(x.toFixed(digits)), Number(y.toFixed(digits))];
    },
  };
}

/** An empty canvas of the frame's size, sharp on any screen. */
function begin(canvas: HTMLCanvasElement | null, frame: Frame): CanvasRenderingContext2D | undefined {
  const context = canvas?.getContext('2d');
  if (canvas === null || context === null || context === undefined || frame.width === 0) return undefined;
  const scale = devicePixelRatio;
  canvas.width = Math.round(frame.width * scale);
  canvas.height = Math.round(frame.height * scale);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}

function drawGround(
  context: CanvasRenderingContext2D,
  frame: Frame,
  map: ContourMap | undefined,
  minima: RaceMapProps['minima'],
): void {
  const { left, right, top, bottom } = frame;
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  if (map !== undefined) drawContours(context, frame, map);
  context.strokeStyle = color('--ink');
  context.lineWidth = 1.5;
  for (const [x, y] of minima) drawCross(context, frame.px(x), frame.py(y), 5);
  context.restore();
  context.strokeStyle = color('--line');
  context.lineWidth = 1;
  context.strokeRect(left, top, right - left, bottom - top);
  drawAxes(context, frame);
}

/** Each layer lies over the wider ones: the lower the loss, the deeper the colour. */
function drawContours(
  context: CanvasRenderingContext2D,
  { left, right, top, bottom }: Frame,
  { columns, rows, layers }: ContourMap,
): void {
  const px = (i: number): number => left + ((i - 0.5) / (columns - 1)) * (right - left);
  const py = (i: number): number => bottom - ((i - 0.5) / (rows - 1)) * (bottom - top);
  context.fillStyle = color('--contour');
  context.strokeStyle = color('--contour');
  context.lineWidth = 1;
  for (const rings of layers) {
    context.beginPath();
    for (const ring of rings) {
      context.moveTo(px(ring[0]), py(ring[1]));
      for (let k = 2; k < ring.length; k += 2) context.lineTo(px(ring[k]), py(ring[k + 1]));
      context.closePath();
    }
    context.globalAlpha = 0.055;
    context.fill('evenodd');
    context.globalAlpha = 0.35;
    context.stroke();
  }
  context.globalAlpha = 1;
}

function drawAxes(context: CanvasRenderingContext2D, frame: Frame): void {
  const { region, left, right, top, bottom, px, py } = frame;
  context.fillStyle = color('--ink-faint');
  context.strokeStyle = color('--line');
  context.font = '12px system-ui, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'top';
  for (const x of ticks(region.x, (right - left) / 60)) {
    drawLine(context, px(x), bottom, px(x), bottom + 4);
    context.fillText(tickText(x), px(x), bottom + 7);
  }
  context.fillText('x', right - 4, bottom + 7);
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const y of ticks(region.y, (bottom - top) / 45)) {
    drawLine(context, left - 4, py(y), left, py(y));
    context.fillText(tickText(y), left - 7, py(y));
  }
  context.fillText('y', left - 7, top + 5);
}

function tickText(value: number): string {
  return String(Number(value.toPrecision(6))).replace('-', '−');
}

/** Round numbers within a range, about as many as asked for; not so near its ends that text would not fit. */
function ticks([low, high]: readonly [number, number], count: number): number[] {
  const rough = (high - low) / Math.max(2, count);
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((each) => each >= rough) ?? rough;
  const margin = 0.07 * (high - low);
  const first = Math.ceil((low + margin) / step);
  const last = Math.floor((high - margin) / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

function drawTrails(
  context: CanvasRenderingContext2D,
  frame: Frame,
  start: readonly [number, number],
  runs: readonly Run[],
  step: number,
): void {
  const { left, right, top, bottom, px, py } = frame;
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  context.lineJoin = 'round';
  const groundColor = color('--ground');
  const marks = runs.map(({ place }) => markOf(place));
  runs.forEach(({ trajectory }, i) => {
    const line = new Path2D();
    const last = Math.min(step, trajectory.x.length - 1);
    for (let k = 0; k <= last; k++) {
      // What is far outside is drawn at the rim of what a canvas can.
      const x = Math.max(-1e5, Math.min(1e5, px(trajectory.x[k])));
      const y = Math.max(-1e5, Math.min(1e5, py(trajectory.y[k])));
      if (Number.isNaN(x) || Number.isNaN(y)) break;
      line.lineTo(x, y);
    }
    context.setLineDash([]);
    context.strokeStyle = groundColor;
    context.globalAlpha = 0.55;
    context.lineWidth = 4;
    context.stroke(line);
    context.globalAlpha = 1;
    context.strokeStyle = marks[i].color;
    context.lineWidth = 2;
    context.setLineDash(marks[i].dash);
    context.stroke(line);
  });
  context.setLineDash([]);
  context.strokeStyle = color('--ink');
  context.lineWidth = 2;
  context.beginPath();
  context.arc(px(start[0]), py(start[1]), 7, 0, 2 * Math.PI);
  context.stroke();
  runs.forEach(({ trajectory }, i) => {
    const last = trajectory.x.length - 1;
    const k = Math.min(step, last);
    if (k < 0) return;
    const { color: ink, path, hollow } = marks[i];
    context.save();
    context.translate(px(trajectory.x[k]), py(trajectory.y[k]));
    const outline = new Path2D(path);
    context.lineWidth = 2;
    context.fillStyle = hollow ? groundColor : ink;
    context.strokeStyle = hollow ? ink : groundColor;
    context.stroke(outline);
    context.fill(outline);
    context.restore();
  });
  context.restore();
}

function drawCross(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  drawLine(context, x - size, y, x + size, y);
  drawLine(context, x, y - size, x, y + size);
}

function drawLine(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}
