import { describe, expect, it } from 'vitest';
import { recognise } from './inspect-disk.ts';

const bootSector = Buffer.alloc(4096, 1);
bootSector.writeUInt16LE(0xaa55, 510);

describe('recognise', () => {
  it('knows qcow2 by its magic and raw by its boot signature', () => {
    expect(recognise(Buffer.from('QFI\u00fb\0\0\0\u0003', 'latin1'))).toBe('qcow2');
    expect(recognise(bootSector)).toBe('raw');
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'an empty file'],
    ['a page of a captive portal', Buffer.from('\n<!DOCTYPE html><html>'), 'a web page'],
    ['an error as XML', Buffer.from('<?xml version="1.0"?><Error>'), 'a web page'],
    ['a note', Buffer.from('see the wiki\n'), 'a text file'],
    ['a VMDK', Buffer.from('KDMV\u0001\0\0\0', 'latin1'), 'a VMDK image'],
    ['a VDI', Buffer.from('<<< Oracle VM VirtualBox Disk Image >>>\n\0'), 'a VDI image'],
    ['an archive', Buffer.from('PK\u0003\u0004\0\0'), 'a ZIP archive'],
    ['a disk of zeros', Buffer.alloc(4096), 'without a boot sector'],
    ['half a sector', Buffer.alloc(100, 1), 'without a boot sector'],
  ])('says what %s is', (_, head, expected) => {
    expect(recognise(head)).toEqual({ mistake: expect.stringContaining(expected) as string });
  });
});
