import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'preact/hooks';
import { color, seriesStyle, theme } from '../theme.js';
import { useLater } from './later.js';

export interface Series {
  readonly label: string;
  /** A value for each place of `x`; null where there is none. */
  readonly values: readonly (number | null)[];
  /** Which of the colours; the place of the series by default. */
  readonly style?: number;
  /** `line` by default. */
  readonly kind?: 'line' | 'bars' | 'points';
}

/** A place of the x axis that is marked by a line across the chart. */
export interface Mark {
  readonly at: number;
  readonly label: string;
}

export interface ChartProps {
  /** What is to be seen, for those who do not see it; also the caption. */
  readonly caption: string;
  /** Name and unit of each axis. */
  readonly xLabel: string;
  readonly yLabel: string;
  readonly x: readonly number[];
  readonly series: readonly Series[];
  /** Whether the y axis is logarithmic; false by default. */
  readonly logarithmic?: boolean;
  /** The ends of the y axis; by the values where it is left out. */
  readonly yRange?: readonly [number, number];
  /** The ends of the x axis; by the values where it is left out. */
  readonly xRange?: readonly [number, number];
  readonly marks?: readonly Mark[];
  /** 240 pixels by default. */
  readonly height?: number;
}

/** Curves, or bars, over one x axis: drawn anew whenever values, size or theme change. */
export function Chart(props: ChartProps) {
  const { caption, x, series, height = 240 } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | undefined>(undefined);
  const due = useLater();
  const current = useRef(props);
  current.current = props;
  // What uPlot cannot change later: a new plot is made when it does.
  const shape = JSON.stringify([
    theme.value,
    props.xLabel,
    props.yLabel,
    props.logarithmic,
    props.yRange,
    props.xRange,
    height,
    series.map(({ label, style, kind }) => [label, style, kind]),
  ]);

  useEffect(() => {
    const element = host.current;
    if (element === null || !due) return undefined;
    const made = new UPlot(
      plotOptions(current.current, element.clientWidth, () => current.current.marks ?? []),
      alignedData(current.current),
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== made.width) {
        made.setSize({ width: element.clientWidth, height });
      }
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [shape, due]);

  useEffect(() => {
    plot.current?.setData(alignedData(current.current));
  }, [x, series]);

  return (
    <figure>
      <div
        class="chart"
        ref={host}
        role="img"
        aria-label={describe(props)}
        style={{ minHeight: `${height}px` }}
      />
      <figcaption>{caption}</figcaption>
    </figure>
  );
}

/** The caption with each series' last value: what a reader of the picture would tell. */
function describe({ caption, series, yLabel }: ChartProps): string {
  const last = series.map(({ label, values }) => {
    const value = values.findLast((entry) => entry !== null);
    return `${label} ${value === undefined || value === null ? 'has no values yet' : Number(value.toPrecision(3))}`;
  });
  return `${caption} ${yLabel}: ${last.join(', ')}.`;
}

function alignedData({ x, series }: ChartProps): UPlot.AlignedData {
  return [[...x], ...series.map(({ values }) => [...values])];
}

function plotOptions(
  { xLabel, yLabel, series, logarithmic = false, yRange, xRange, height = 240 }: ChartProps,
  width: number,
  marks: () => readonly Mark[],
): UPlot.Options {
  const axis = {
    stroke: color('--ink-faint'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { stroke: color('--line'), width: 1 },
    font: '12px system-ui, sans-serif',
    labelFont: '12px system-ui, sans-serif',
    labelSize: 20,
  };
  return {
    width: Math.max(width, 200),
    height,
    scales: {
      x: { time: false, ...(xRange === undefined ? {} : { range: [...xRange] }) },
      y: { ...(logarithmic ? { distr: 3 } : {}), ...(yRange === undefined ? {} : { range: [...yRange] }) },
    },
    hooks: {
      drawAxes: [
        (plot) => {
          drawMarks(plot, marks());
        },
      ],
    },
    axes: [
      { ...axis, label: xLabel },
      {
        ...axis,
        label: yLabel,
        size: 60,
        ...(logarithmic
          ? {
              values: (_, splits: (number | null)[]) => splits.map(powerText),
              filter: roundPlaces,
              grid: { ...axis.grid, filter: roundPlaces },
              ticks: { ...axis.ticks, filter: roundPlaces },
            }
          : {}),
      },
    ],
    legend: {
      live: false,
      markers: { dash: (_, place) => markerDash(series[place - 1]?.style ?? place - 1) },
    },
    cursor: { drag: { x: false, y: false } },
    series: [
      {},
      ...series.map(({ label, style, kind = 'line' }, i): UPlot.Series => {
        const { color: stroke, dash } = seriesStyle(style ?? i);
        if (kind === 'bars') {
          return {
            label,
            stroke,
            fill: `${stroke}99`,
            paths: UPlot.paths.bars?.({ size: [0.95, 100] }),
            points: { show: false },
          };
        }
        const points = kind === 'points';
        return {
          label,
          stroke,
          width: 2,
          dash,
          spanGaps: true,
          ...(points ? { paths: () => null } : {}),
          points: { show: points, size: 7, fill: stroke },
        };
      }),
    ],
  };
}

/** The places of a logarithmic axis that get lines and labels: some powers of ten, or 1, 2 and 5 where there are few. */
function roundPlaces(_: UPlot, splits: number[]): (number | null)[] {
  const exponent = (value: number): number => Math.log10(value);
  const isPower = (value: number): boolean => Math.abs(exponent(value) % 1) < 1e-9;
  const count = splits.filter(isPower).length;
  if (count < 3) {
    const digit = (value: number): number => Math.round(value / 10 ** Math.floor(exponent(value) + 1e-9));
    const round = splits.map((value) => ([1, 2, 5].includes(digit(value)) ? value : null));
    return round.filter((value) => value !== null).length < 2 ? splits : round;
  }
  const every = Math.ceil(count / 7);
  return splits.map((value) => (isPower(value) && Math.round(exponent(value)) % every === 0 ? value : null));
}

function powerText(value: number | null): string {
  if (value === null) return '';
  return value >= 0.001 && value <= 10_000 ? String(Number(value.toPrecision(2))) : value.toExponential(0);
}

/** Dashed lines from top to bottom, each with its label beside its upper end where there is room for it. */
function drawMarks(plot: UPlot, marks: readonly Mark[]): void {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  ctx.save();
  ctx.strokeStyle = color('--ink-faint');
  ctx.fillStyle = color('--ink-faint');
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'right';
  ctx.textBaseline = 'top';
  let free = left;
  for (const { at, label } of [...marks].sort((a, b) => a.at - b.at)) {
    const x = plot.valToPos(at, 'x', true);
    if (x < left || x > left + width) continue;
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    const gap = 4 * devicePixelRatio;
    if (x - gap - ctx.measureText(label).width < free) continue;
    ctx.fillText(label, x - gap, top + gap);
    free = x;
  }
  ctx.restore();
}

/** How the marker of a series in the legend is drawn, after the dashes of its line. */
function markerDash(style: number): string {
  const { dash } = seriesStyle(style);
  return dash.length === 0 ? 'solid' : dash[0] < 4 ? 'dotted' : 'dashed';
}
