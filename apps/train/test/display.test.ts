import { describe, expect, it } from 'vitest';
import { describeProgress, Display } from '../src/display.js';

/** What a terminal of one growing screen shows after all that was written. */
function screen(written: string[]): string[] {
  const lines = [''];
  for (const char of written.join('').replaceAll('\r\u001B[K', '\r')) {
    if (char === '\r') lines[lines.length - 1] = '';
    else if (char === '\n') lines.push('');
    else lines[lines.length - 1] += char;
  }
  return lines;
}

function record(isTTY: boolean, columns?: number): { written: string[]; display: Display } {
  const written: string[] = [];
  return { written, display: new Display({ write: (text: string) => written.push(text), isTTY, columns }) };
}

describe('Display', () => {
  it('on a terminal has one live line, which makes room for lines that stay', () => {
    const { written, display } = record(true);
    display.line('hello');
    display.live('1 %');
    display.live('2 %');
    expect(screen(written)).toEqual(['hello', '2 %']);
    display.line('done');
    expect(screen(written)).toEqual(['hello', 'done', '']);
  });

  it('cuts the live line to the width of the terminal, so that it can be taken back', () => {
    const { written, display } = record(true, 10);
    display.live('0123456789abc');
    expect(screen(written)).toEqual(['012345678']);
  });

  it('takes a terminal that does not know its width for one of 80 columns', () => {
    const { written, display } = record(true, 0);
    display.live('x'.repeat(100));
    expect(screen(written)).toEqual(['x'.repeat(79)]);
  });

  it('elsewhere writes plain lines only', () => {
    const { written, display } = record(false);
    display.line('hello');
    display.live('1 %');
    display.line('done');
    expect(written.join('')).toBe('hello\ndone\n');
  });
});

describe('describeProgress', () => {
  const progress = { epoch: 3, loss: 0.07123, accuracy: 0.979 };
  const pace = { stepsPerSecond: 2310.4, secondsLeft: 3.2 };

  it('shows epoch, loss, accuracy, steps/s and time left', () => {
    expect(describeProgress(progress, 10, pace)).toBe(
      'epoch  3/10  loss 0.0712  accuracy 97.90 %  2310 steps/s  4 s left',
    );
  });

  it('shows the test accuracy where it is known', () => {
    expect(describeProgress(progress, 10, pace, 0.9535)).toContain(
      'accuracy 97.90 %  test 95.35 %  2310 steps/s',
    );
  });
});
