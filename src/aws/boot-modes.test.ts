import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseBootMode, startableBy } from './boot-modes.ts';

function mbr({ code = false, type = 0x83, signature = true } = {}): Buffer {
  const head = Buffer.alloc(4096);
  if (code) head[0] = 0xeb;
  head[446 + 4] = type;
  if (signature) head.writeUInt16LE(0xaa55, 510);
  return head;
}

/** A GPT whose third entry is an EFI system partition, with entries of another size than the usual one. */
function gpt({ code = false, entryBytes = 256 } = {}): Buffer {
  const head = mbr({ code, type: 0xee });
  head.write('EFI PART', 512, 'latin1');
  head.writeBigUInt64LE(2n, 512 + 72);
  head.writeUInt32LE(8, 512 + 80);
  head.writeUInt32LE(entryBytes, 512 + 84);
  Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex').copy(head, 1024 + 2 * entryBytes);
  return head;
}

describe('startableBy', () => {
  it.each([
    ['an empty disk', Buffer.alloc(4096), { bios: false, uefi: false }],
    ['a disk that is too short', Buffer.alloc(100), { bios: false, uefi: false }],
    ['boot code', mbr({ code: true }), { bios: true, uefi: false }],
    ['boot code without the signature', mbr({ code: true, signature: false }), { bios: false, uefi: false }],
    ['an EFI partition in an MBR', mbr({ type: 0xef }), { bios: false, uefi: true }],
    ['an EFI partition in a GPT', gpt(), { bios: false, uefi: true }],
    ['both', gpt({ code: true }), { bios: true, uefi: true }],
    [
      'a GPT with entries that are too small to be any',
      gpt({ entryBytes: 16 }),
      { bios: false, uefi: false },
    ],
  ])('of %s', (_what, head, expected) => {
    expect(startableBy(head)).toEqual(expected);
  });

  it('takes any bytes', () => {
    const anyBytes = fc.uint8Array({ maxLength: 2048 }).map((bytes) => Buffer.from(bytes));
    const anyTable = fc
      .tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(), fc.nat())
      .map(([start, count, size]) => {
        const head = gpt();
        head.writeBigUInt64LE(start, 512 + 72);
        head.writeUInt32LE(count, 512 + 80);
        head.writeUInt32LE(size, 512 + 84);
        return head;
      });
    fc.assert(
      fc.property(fc.oneof(anyBytes, anyTable), (head) => typeof startableBy(head).uefi === 'boolean'),
    );
  });
});

describe('chooseBootMode', () => {
  it.each([
    [{ bios: true, uefi: true }, 'uefi-preferred'],
    [{ bios: true, uefi: false }, 'legacy-bios'],
    [{ bios: false, uefi: true }, 'uefi'],
  ] as const)('takes for %o the mode of most instance types', (startable, mode) => {
    expect(chooseBootMode(startable)).toBe(mode);
  });

  it('takes what was asked for when the disk can', () => {
    expect(chooseBootMode({ bios: true, uefi: true }, 'legacy-bios')).toBe('legacy-bios');
    expect(() => chooseBootMode({ bios: false, uefi: true }, 'legacy-bios')).toThrow(/no boot code/);
    expect(() => chooseBootMode({ bios: false, uefi: true }, 'uefi-preferred')).toThrow(/no boot code/);
    expect(() => chooseBootMode({ bios: true, uefi: false }, 'uefi')).toThrow(/no EFI system partition/);
    expect(() => chooseBootMode({ bios: false, uefi: false })).toThrow(/cannot be started/);
  });
});
