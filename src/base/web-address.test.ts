import { describe, expect, it } from 'vitest';
import { fileNameOfUrl, isUrl, requestFor, shownUrl } from './web-address.ts';

describe('web addresses', () => {
  it.each([
    ['https://example.org/a.img', true],
    ['HTTP://example.org/a.img', true],
    ['/images/a.img', false],
    ['ftp://example.org/a.img', false],
    ['https://', false],
  ])('%s can be fetched: %s', (location, expected) => {
    expect(isUrl(location)).toBe(expected);
  });

  it('shows nothing that could be a secret', () => {
    expect(shownUrl('https://user:pass@example.org:8443/a/b.img?sig=abc#x')).toBe(
      'https://example.org:8443/a/b.img',
    );
  });

  it.each([
    ['https://example.org/a/b%20c.img?x=/d', 'b c.img'],
    ['https://example.org/', 'download'],
    ['https://example.org/a/%2e%2e%2fetc', 'etc'],
    ['https://example.org/100%.img', '100%.img'],
  ])('%s is a file called %s', (address, name) => {
    expect(fileNameOfUrl(address)).toBe(name);
  });

  it('turns credentials into a header, since fetch refuses them in an address', () => {
    const { url, headers } = requestFor('https://me%40x:p%3Aw@example.org/a?b=c');
    expect(url.href).toBe('https://example.org/a?b=c');
    expect(Buffer.from(headers['authorization']?.slice(6) ?? '', 'base64').toString()).toBe('me@x:p:w');
    expect(requestFor('https://example.org/a').headers).toEqual({});
  });
});
