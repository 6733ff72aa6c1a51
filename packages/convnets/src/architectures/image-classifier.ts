import type { Tensor, Variable } from '@downhill/tensor';
import { Flatten, Module, type ForwardOptions } from '@downhill/layers';

/** Images to features, and those, flattened, to scores: its state is named `features. ...` and `classifier. ...`. */
export class ImageClassifier extends Module {
  constructor(
    /** [N, C, H, W] to [N, features, height, width]. */
    readonly features: Module,
    /** [N, features · height · width] to scores, [N, classes]. */
    readonly classifier: Module,
  ) {
    super();
  }

  override forward(x: Tensor | Variable, options?: ForwardOptions): Tensor {
    const features = this.features.forward(x, options);
    return this.classifier.forward(new Flatten().forward(features), options);
  }
}
