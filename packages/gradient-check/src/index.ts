export { checkGradients, type CheckOptions } from './check-gradients.js';
export {
  formatReport,
  type Coordinate,
  type GradientReport,
  type ParameterReport,
  type PrintableReport,
  type Verdict,
} from './report.js';
