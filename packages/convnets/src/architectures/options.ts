import type { DType, Generator } from '@downhill/tensor';

/** What every architecture may be told. */
export interface ArchitectureOptions {
  /** Channels of the images; 3 by default, 1 for the networks that read digits. */
  readonly channels?: number;
  /** Classes told apart, one score each; as published by default. */
  readonly classes?: number;
  /** What initial weights and dropout's masks are drawn from; the default generator unless given. */
  readonly generator?: Generator;
  /** float32 by default. */
  readonly dtype?: DType;
}
