import {
  abs,
  add,
  cos,
  div,
  DownhillError,
  exp,
  log,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  sin,
  sqrt,
  square,
  sub,
  tanh,
  type Tensor,
  type TensorLike,
} from '@downhill/tensor';
import jsep from 'jsep';

/** What the names of a formula stand for. */
export interface FormulaInputs {
  readonly x: Tensor;
  readonly y: Tensor;
  /** Called for each `noise` in the formula. */
  readonly noise: () => TensorLike;
}

/** A function of two variables that somebody typed. */
export interface Formula {
  /** Whether `noise` occurs in it. */
  readonly noisy: boolean;
  /** Its value, of tensor operations: so its gradient is as any other's. */
  readonly build: (inputs: FormulaInputs) => TensorLike;
}

/** What is wrong with a formula, and where. */
export class FormulaError extends DownhillError {
  /** The place in the text, from 0. */
  readonly index: number;

  constructor(what: string, index: number) {
    super(`${what}, at character ${index + 1}`);
    this.index = index;
  }
}

type Build = Formula['build'];

const FUNCTIONS: Readonly<Record<string, (...values: TensorLike[]) => Tensor>> = {
  sin: (a) => sin(a),
  cos: (a) => cos(a),
  exp: (a) => exp(a),
  log: (a) => log(a),
  sqrt: (a) => sqrt(a),
  abs: (a) => abs(a),
  tanh: (a) => tanh(a),
  pow: (a, b) => pow(a, b),
  min: (a, b) => minimum(a, b),
  max: (a, b) => maximum(a, b),
};

const OPERATORS: Readonly<Record<string, (a: TensorLike, b: TensorLike) => Tensor>> = {
  '+': add,
  '-': sub,
  '*': mul,
  '/': div,
  '^': pow,
};

const CONSTANTS: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E };

/** A link holds the formula; longer ones are no formula that somebody typed. */
const LONGEST = 500;

/**
 * Reads a formula such as `(1 - x)^2 + 100 * (y - x^2)^2`: the variables x and y, numbers, pi and e, `noise` (a normal number,
 * drawn anew each time), + - * / ^ and parentheses, sin cos exp log sqrt abs tanh pow min max.
 *
 * @throws FormulaError, with the place, for what it cannot read.
 */
export function parseFormula(text: string): Formula {
  if (text.length > LONGEST) {
    throw new FormulaError(`a formula of ${text.length} characters; ${LONGEST} at most`, LONGEST);
  }
  if (text.trim() === '') throw new FormulaError('expected a formula of x and y, such as x^2 + 10 * y^2', 0);
  const names = new Set<string>();
  const build = translate(parse(text), text, names);
  if (!names.has('x') && !names.has('y')) {
    throw new FormulaError('neither x nor y occurs: nothing goes downhill', 0);
  }
  return { noisy: names.has('noise'), build };
}

/** What jsep makes of a text, as far as formulas go. */
type Node = Place &
  (
    | { type: 'Literal'; value: unknown; raw: string }
    | { type: 'Identifier'; name: string }
    | { type: 'UnaryExpression'; operator: string; argument: Node }
    | Operation
    | Call
    | { type: 'Compound'; body: Node[] }
    // Others, such as x[0] or x.y, are no formulas.
    | { type: 'MemberExpression' }
  );

type Operation = Place & { type: 'BinaryExpression'; operator: string; left: Node; right: Node };
type Call = Place & { type: 'CallExpression'; callee: Node; arguments: Node[] };

interface Place {
  /** Where it begins in the text; what an operator joins begins with its left side. */
  start?: number;
  /** Whether it stands in parentheses. */
  grouped?: boolean;
}

jsep.removeAllBinaryOps();
jsep.removeAllUnaryOps();
jsep.removeAllLiterals();
for (const sign of ['+', '-']) {
  jsep.addBinaryOp(sign, 1);
  jsep.addUnaryOp(sign);
}
jsep.addBinaryOp('*', 2);
jsep.addBinaryOp('/', 2);
jsep.addBinaryOp('^', 3, true);

/** Whether the token that is about to be read is read on behalf of the hook below. */
let within = false;

jsep.hooks.add('gobble-token', function (environment) {
  if (within) {
    within = false;
    return;
  }
  within = true;
  const start = this.index;
  const node = this.gobbleToken();
  if (node) environment.node = Object.assign(node, { start, grouped: this.expr[start] === '(' });
});

function parse(text: string): Node {
  within = false;
  try {
    return jsep(text) as unknown as Node;
  } catch (error) {
    if (!isJsepError(error)) throw error;
    throw new FormulaError(reword(error.description), error.index);
  }
}

function isJsepError(error: unknown): error is Error & { description: string; index: number } {
  return error instanceof Error && 'description' in error && 'index' in error;
}

/** jsep's messages, for those that speak of programs instead of formulas. */
function reword(description: string): string {
  const product = /Variable names cannot start with a number \((.*)(.)\)/.exec(description);
  if (product !== null) return `a product needs its sign: ${product[1]} * ${product[2]}`;
  const missing = /Expected expression after (.)/.exec(description);
  if (missing !== null) return `something is missing after ${missing[1]}`;
  return description.charAt(0).toLowerCase() + description.slice(1);
}

function translate(node: Node, text: string, names: Set<string>): Build {
  const inner = (child: Node): Build => translate(child, text, names);
  const start = startOf(node);
  switch (node.type) {
    case 'Literal': {
      const { value } = node;
      if (typeof value !== 'number') throw new FormulaError(`expected a number, got ${node.raw}`, start);
      return () => value;
    }
    case 'Identifier':
      return translateName(node.name, start, names);
    case 'UnaryExpression': {
      const argument = inner(node.argument);
      return node.operator === '-' ? (inputs) => neg(argument(inputs)) : argument;
    }
    case 'BinaryExpression':
      return translateOperator(node, inner);
    case 'CallExpression':
      return translateCall(node, inner);
    case 'Compound': {
      const second = node.body.at(1);
      const place = second === undefined ? 0 : startOf(second);
      throw new FormulaError(`expected an operator (+ - * / ^) before ${quote(text, place)}`, place);
    }
    default:
      throw new FormulaError(`cannot read ${quote(text, start)}`, start);
  }
}

function translateName(name: string, start: number, names: Set<string>): Build {
  names.add(name);
  if (name === 'x' || name === 'y') return (inputs) => inputs[name];
  if (name === 'noise') return ({ noise }) => noise();
  if (Object.hasOwn(CONSTANTS, name)) return () => CONSTANTS[name];
  if (Object.hasOwn(FUNCTIONS, name)) {
    throw new FormulaError(`${name} is a function: what of? Write ${name}(x)`, start);
  }
  throw new FormulaError(
    `there is no ${name}; the names are x, y, ${Object.keys(CONSTANTS).join(', ')}, noise`,
    start,
  );
}

function translateOperator({ operator, left, right }: Operation, inner: (child: Node) => Build): Build {
  if (operator === '^') {
    // To jsep the sign of -x^2 belongs to the x; to everybody else, to the power.
    if (left.type === 'UnaryExpression' && left.grouped !== true) {
      const power: Node = { type: 'BinaryExpression', operator, left: left.argument, right };
      return inner({ ...left, argument: power });
    }
    if (right.type === 'Literal' && right.value === 2) {
      const base = inner(left);
      return (inputs) => square(base(inputs));
    }
  }
  const [a, b] = [inner(left), inner(right)];
  const apply = OPERATORS[operator];
  return (inputs) => apply(a(inputs), b(inputs));
}

function translateCall(node: Call, inner: (child: Node) => Build): Build {
  const { callee, arguments: given } = node;
  const start = startOf(node);
  const name = callee.type === 'Identifier' ? callee.name : undefined;
  if (name === undefined || !Object.hasOwn(FUNCTIONS, name)) {
    const called = name === undefined ? 'a product needs its sign: *' : `there is no function ${name}`;
    throw new FormulaError(`${called}; the functions are ${Object.keys(FUNCTIONS).join(' ')}`, start);
  }
  const wanted = FUNCTIONS[name].length;
  if (given.length !== wanted) {
    throw new FormulaError(
      `${name} takes ${wanted === 1 ? 'one value' : 'two values'}, got ${given.length}`,
      start,
    );
  }
  const values = given.map(inner);
  return (inputs) => FUNCTIONS[name](...values.map((value) => value(inputs)));
}

/** Where a node begins: what joins two begins with the first. */
function startOf(node: Node): number {
  if (node.start !== undefined) return node.start;
  return node.type === 'BinaryExpression' ? startOf(node.left) : 0;
}

function quote(text: string, start: number): string {
  return `"${/^\s*(?:\w+|.)/.exec(text.slice(start))?.[0].trim() ?? ''}"`;
}
