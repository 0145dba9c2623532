import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMachineLine, uiLines } from './machine-readable.ts';

const parse = (line: string) => {
  const message = parseMachineLine(line);
  if (message === undefined) throw new Error('not a message');
  return message;
};

describe('the machine-readable output of packer', () => {
  it.each([
    [
      'its own voice',
      '1763939000,,ui,say,==> qemu: Starting VM%!(PACKER_COMMA) booting...',
      'say',
      'qemu',
      'Starting VM, booting...',
    ],
    [
      'a tool',
      '1763939000,,ui,message,    qemu: TASK [python : look] ***',
      'message',
      'qemu',
      'TASK [python : look] ***',
    ],
    ['an error', "1763939000,,ui,error,Build 'qemu' errored: x", 'error', '', "Build 'qemu' errored: x"],
    ['an empty line of a tool', '1763939000,,ui,message,    qemu:', 'message', 'qemu', ''],
    [
      'a post-processor',
      '1763939000,,ui,say,==> qemu (shell-local): Running local shell script',
      'say',
      'qemu',
      'Running local shell script',
    ],
  ])('reads %s', (_reason, line, kind, builder, text) => {
    expect(uiLines(parse(line))).toEqual([{ kind, builder, text }]);
  });

  it('splits a text of several lines', () => {
    const texts = uiLines(parse('1,,ui,error,first\\nsecond\\r\\nthird')).map(({ text }) => text);
    expect(texts).toEqual(['first', 'second', 'third']);
  });

  it("leaves the backslashes of Ansible's JSON alone", () => {
    const json = 'fatal: [default]: FAILED! => {"stdout": "a\\r\\nb"}';
    expect(uiLines(parse(`1,,ui,message,    qemu: ${json}`))).toMatchObject([{ text: json }]);
  });

  it('is silent about messages that are not for people', () => {
    expect(uiLines(parse('1763939000,qemu,artifact,0,builder-id,transcend.qemu'))).toEqual([]);
  });

  it.each(['', 'warning: something', 'a,b,c,d'])('does not take %j for a message', (line) => {
    expect(parseMachineLine(line)).toBeUndefined();
  });

  it('gives every text back that packer escaped', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/[\\\n\r]|PACKER_COMMA/.test(text)),
        (text) => {
          const line = `1,,ui,say,==> qemu: ${text.replaceAll(',', '%!(PACKER_COMMA)')}`;
          expect(uiLines(parse(line))[0]?.text).toBe(text);
        },
      ),
    );
  });
});
