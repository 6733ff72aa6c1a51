/** What is used of ConvNetJS, which comes without types. */
declare module 'convnetjs' {
  namespace convnetjs {
    type Definition = Readonly<Record<string, string | number>>;

    /** Values of [height, width, channels]. */
    class Vol {
      constructor(width: number, height: number, depth: number, value: number);
      readonly w: Float64Array;
    }

    interface Layer {
      readonly filters?: readonly Vol[];
      readonly biases?: Vol;
    }

    class Net {
      readonly layers: readonly Layer[];
      makeLayers(definitions: readonly Definition[]): void;
      forward(volume: Vol): Vol;
    }

    class Trainer {
      constructor(net: Net, options: Definition);
      train(volume: Vol, answer: number | readonly number[]): { readonly loss: number };
    }
  }
  export default convnetjs;
}
