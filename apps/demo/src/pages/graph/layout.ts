import { Graph, layout } from '@dagrejs/dagre';

/** A box to be placed, and the boxes it comes after. */
export interface Item {
  readonly id: number;
  readonly inputs: readonly number[];
}

export interface Box {
  readonly id: number;
  /** Of its middle. */
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly from: number;
  readonly to: number;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
}

export const BOX = { width: 136, height: 52 };

/** Places boxes in layers, each below what it comes after. */
export function layOut(items: readonly Item[]): Layout {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: 16, ranksep: 26, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  const present = new Set(items.map(({ id }) => id));
  for (const { id } of items) graph.setNode(String(id), { ...BOX });
  for (const { id, inputs } of items) {
    for (const input of inputs) if (present.has(input)) graph.setEdge(String(input), String(id));
  }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    boxes: items.map(({ id }) => {
      const { x, y } = graph.node(String(id)) as { x: number; y: number };
      return { id, x, y };
    }),
    lines: graph.edges().map((edge) => ({
      from: Number(edge.v),
      to: Number(edge.w),
      points: (graph.edge(edge) as { points: Line['points'] }).points,
    })),
  };
}
