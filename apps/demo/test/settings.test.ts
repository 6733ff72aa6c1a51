import { describe, expect, it, vi } from 'vitest';
import fc from 'fast-check';

vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('addEventListener', () => {});
const { readSettings, writeSettings } = await import('../src/settings.js');

const DEFAULTS = { surface: 'bowl', rate: 0.1, noisy: false };

describe('settings in a link', () => {
  it('reads what it wrote, whatever the values', () => {
    const settings = fc.record({
      surface: fc.string({ unit: 'grapheme' }),
      rate: fc.double({ noNaN: true, noDefaultInfinity: true }).map((rate) => rate + 0),
      noisy: fc.boolean(),
    });
    fc.assert(
      fc.property(settings, (values) => {
        expect(readSettings(writeSettings(values, DEFAULTS), DEFAULTS)).toEqual(values);
      }),
    );
  });

  it('leaves out what is as by default', () => {
    expect(writeSettings({ ...DEFAULTS, rate: 0.2 }, DEFAULTS)).toBe('rate=0.2');
  });

  it('takes the default where a link says something that cannot be', () => {
    expect(readSettings('rate=fast&noisy=perhaps&colour=red', DEFAULTS)).toEqual(DEFAULTS);
  });
});
