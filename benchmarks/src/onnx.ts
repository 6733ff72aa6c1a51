/**
 * Writes a network as an ONNX file: as much of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto as its layers need,
 * in the binary form of protocol buffers. Field numbers are those of that file.
 */
import { placed, type Network, type PlacedLayer } from './network.js';
import { floats, type Numbers } from './numbers.js';

export const INPUT = 'input';
export const OUTPUT = 'output';

/** Of the file format and of the set of operators. */
const IR_VERSION = 8;
const OPERATORS = 13;
const FLOAT = 1;
const ATTRIBUTE_INTEGER = 2;
const ATTRIBUTE_INTEGERS = 7;

/** A model of one example at a time. */
export function encodeOnnx(network: Network): Uint8Array {
  const layers = placed(network);
  const name = (layer: number): string =>
    layer === layers.length ? OUTPUT : layer === 0 ? INPUT : `x${layer}`;
  const nodes = layers.map((place, i) =>
    bytes(1, node(place, [name(i), ...place.parameters.map((_, k) => parameter(i, k))], name(i + 1))),
  );
  const initializers = layers.flatMap(({ parameters }, i) =>
    parameters.map((numbers, k) => bytes(5, tensor(parameter(i, k), numbers))),
  );
  const graph = [
    ...nodes,
    text(2, 'network'),
    ...initializers,
    bytes(11, valueInfo(INPUT, [1, ...network.input])),
    bytes(12, valueInfo(OUTPUT, [1, ...layers[layers.length - 1].output])),
  ];
  return join([integer(1, IR_VERSION), bytes(7, join(graph)), bytes(8, integer(2, OPERATORS))]);
}

const parameter = (layer: number, place: number): string => `p${layer}.${place}`;

function node({ layer }: PlacedLayer, inputs: readonly string[], output: string): Uint8Array {
  const [operator, attributes] = operatorOf(layer);
  return join([
    ...inputs.map((input) => text(1, input)),
    text(2, output),
    text(4, operator),
    ...attributes.map((attribute) => bytes(5, attribute)),
  ]);
}

function operatorOf(layer: PlacedLayer['layer']): [operator: string, attributes: Uint8Array[]] {
  switch (layer.kind) {
    case 'linear':
      return ['Gemm', [integerAttribute('transB', 1)]];
    case 'convolution': {
      const { kernelSize, padding } = layer;
      return [
        'Conv',
        [
          integersAttribute('kernel_shape', [kernelSize, kernelSize]),
          integersAttribute('pads', [padding, padding, padding, padding]),
        ],
      ];
    }
    case 'maxPool':
      return ['MaxPool', [integersAttribute('kernel_shape', [2, 2]), integersAttribute('strides', [2, 2])]];
    case 'flatten':
      return ['Flatten', []];
    case 'relu':
      return ['Relu', []];
    case 'tanh':
      return ['Tanh', []];
    default:
      throw new Error(`encodeOnnx: no network to be run has had ${layer.kind} so far`);
  }
}

const integerAttribute = (name: string, value: number): Uint8Array =>
  join([text(1, name), integer(3, value), integer(20, ATTRIBUTE_INTEGER)]);

const integersAttribute = (name: string, values: readonly number[]): Uint8Array =>
  join([text(1, name), ...values.map((value) => integer(8, value)), integer(20, ATTRIBUTE_INTEGERS)]);

function tensor(name: string, numbers: Numbers): Uint8Array {
  const values = floats(numbers);
  return join([
    ...numbers.shape.map((extent) => integer(1, extent)),
    integer(2, FLOAT),
    text(8, name),
    bytes(9, new Uint8Array(values.buffer)), // little-endian, as on every machine that runs this
  ]);
}

function valueInfo(name: string, shape: readonly number[]): Uint8Array {
  const dimensions = shape.map((extent) => bytes(1, integer(1, extent)));
  const tensorType = join([integer(1, FLOAT), bytes(2, join(dimensions))]);
  return join([text(1, name), bytes(2, bytes(1, tensorType))]);
}

/** A field with a whole number. */
function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field << 3), ...varint(value)]);
}

/** A field with anything that has a length. */
function bytes(field: number, content: Uint8Array): Uint8Array {
  return join([Uint8Array.from([...varint((field << 3) | 2), ...varint(content.length)]), content]);
}

const text = (field: number, content: string): Uint8Array => bytes(field, new TextEncoder().encode(content));

/** Seven bits a byte, the lowest first. */
function varint(value: number): number[] {
  const low = value & 127;
  return value < 128 ? [low] : [low | 128, ...varint(Math.floor(value / 128))];
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
