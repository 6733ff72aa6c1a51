import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { color, theme } from '../../theme.js';
import type { Point, Stroke } from './prepare-drawing.js';

/** Units of the board's side. */
const SIDE = 100;
const PEN = 9;
/** How far an arrow key moves the pen. */
const KEY_STEP = 5;

const KEYS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -KEY_STEP, y: 0 },
  ArrowRight: { x: KEY_STEP, y: 0 },
  ArrowUp: { x: 0, y: -KEY_STEP },
  ArrowDown: { x: 0, y: KEY_STEP },
};

export interface DrawingBoardProps {
  readonly strokes: readonly Stroke[];
  readonly onChange: (strokes: readonly Stroke[]) => void;
}

/** A sheet to draw on, with mouse, finger or pen, or with keys: arrows move, space lowers and lifts the pen. */
export function DrawingBoard({ strokes, onChange }: DrawingBoardProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef(false);
  const latest = useRef(strokes);
  latest.current = strokes;
  /** Where the keys' pen is; undefined until a key moves it. */
  const pen = useSignal<Point | undefined>(undefined);
  const penDown = useSignal(false);

  const begin = (point: Point) => {
    onChange([...latest.current, [point]]);
  };
  const lengthen = (point: Point) => {
    const last = latest.current.at(-1) ?? [];
    onChange([...latest.current.slice(0, -1), [...last, point]]);
  };

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (element === null || context === null || context === undefined) return;
    context.setTransform(element.width / SIDE, 0, 0, element.height / SIDE, 0, 0);
    context.clearRect(0, 0, SIDE, SIDE);
    context.lineCap = 'round';
    context.lineJoin = 'round';
    context.strokeStyle = color('--ink');
    context.lineWidth = PEN;
    for (const [first, ...rest] of strokes) {
      context.beginPath();
      context.moveTo(first.x, first.y);
      for (const { x, y } of rest.length === 0 ? [first] : rest) context.lineTo(x, y);
      context.stroke();
    }
    if (pen.value === undefined) return;
    context.lineWidth = 1.5;
    context.strokeStyle = color('--series-2');
    context.beginPath();
    context.arc(pen.value.x, pen.value.y, penDown.value ? PEN / 2 : PEN / 2 + 2, 0, 2 * Math.PI);
    context.stroke();
  }, [strokes, pen.value, penDown.value, theme.value]);

  const place = ({ currentTarget, clientX, clientY }: PointerEvent): Point => {
    const box = (currentTarget as HTMLCanvasElement).getBoundingClientRect();
    return {
      x: ((clientX - box.left) / box.width) * SIDE,
      y: ((clientY - box.top) / box.height) * SIDE,
    };
  };

  return (
    <canvas
      ref={canvas}
      class="board"
      width={300}
      height={300}
      tabIndex={0}
      role="application"
      aria-label="Drawing board. Arrow keys move the pen, space lowers and lifts it, Delete clears the board."
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        pen.value = undefined;
        drawing.current = true;
        begin(place(event));
      }}
      onPointerMove={(event) => {
        if (drawing.current) lengthen(place(event));
      }}
      onPointerUp={() => {
        drawing.current = false;
      }}
      onPointerCancel={() => {
        drawing.current = false;
      }}
      onKeyDown={(event) => {
        const at = pen.peek() ?? { x: SIDE / 2, y: SIDE / 4 };
        if (event.key in KEYS) {
          const by = KEYS[event.key];
          const next = { x: inside(at.x + by.x), y: inside(at.y + by.y) };
          pen.value = next;
          if (penDown.peek()) lengthen(next);
        } else if (event.key === ' ') {
          pen.value = at;
          penDown.value = !penDown.peek();
          if (penDown.peek()) begin(at);
        } else if (event.key === 'Delete' || event.key === 'Backspace') {
          penDown.value = false;
          onChange([]);
        } else {
          return;
        }
        event.preventDefault();
      }}
      onBlur={() => {
        pen.value = undefined;
        penDown.value = false;
      }}
    />
  );
}

function inside(coordinate: number): number {
  return Math.min(SIDE - PEN / 2, Math.max(PEN / 2, coordinate));
}
