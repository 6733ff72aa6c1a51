/** The base of every error the packages throw on purpose, so that one `catch` can tell them from bugs. */
export class DownhillError extends Error {
  override readonly name: string = 'DownhillError';
}

/** Shapes that do not fit an operation. The message names the operation and every shape involved. */
export class ShapeError extends DownhillError {
  override readonly name = 'ShapeError';
}

/** Dtypes an operation cannot take. */
export class DTypeError extends DownhillError {
  override readonly name = 'DTypeError';
}

/** Something that cannot be done while a function is being traced, or with what a trace left behind. */
export class TraceError extends DownhillError {
  override readonly name = 'TraceError';
}

/** An index (a label, say) outside its range, or another check on data that failed. */
export class DataError extends DownhillError {
  override readonly name = 'DataError';
}

/** A value whose memory was freed with `dispose()`. */
export class DisposedError extends DownhillError {
  override readonly name = 'DisposedError';
}

/** A backend that is missing, or lacks what was asked of it. */
export class BackendError extends DownhillError {
  override readonly name = 'BackendError';
}

/** A file or text that does not follow its format. */
export class FormatError extends DownhillError {
  override readonly name = 'FormatError';
}
