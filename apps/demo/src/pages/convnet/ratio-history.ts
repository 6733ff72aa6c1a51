/** Update ratios of the layers with weights, at the steps that were looked at. */
export type RatioHistory = readonly { readonly steps: number; readonly ratios: readonly number[] }[];
