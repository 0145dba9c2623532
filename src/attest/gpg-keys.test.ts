import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BuilderError } from '../errors.ts';
import { chooseGpgKey, type GpgKey, parseGpgKeys } from './gpg-keys.ts';

const FINGERPRINT = 'A373B066389675AEDF74B937572665E4BA94969E';
/** What `gpg --with-colons --list-secret-keys` prints of one key with a subkey. */
const listing = (
  validity: string,
  expires: string,
  capabilities: string,
): string => `tru::1:1795649139:0:3:1:5
sec:${validity}:255:22:572665E4BA94969E:1795649137:${expires}::u:::${capabilities}:::+::ed25519:::0:
fpr:::::::::${FINGERPRINT}:
grp:::::::::867AF2FCA95EC31C706E2558A45DFE2C7C0A039E:
uid:u::::1795649137::BDD7::Builds\\x3a all of them <builds@example.org>::::::::::0:
uid:u::::1795649137::BDD7::Other <other@example.org>::::::::::0:
ssb:u:255:18:0123456789ABCDEF:1795649137::::::e:::+::cv25519::
fpr:::::::::0000000000000000000000000123456789ABCDEF:
`;

describe('the secret keys that gpg lists', () => {
  it.each([
    ['u', '', 'scESC', undefined],
    ['u', '1900000000', 'scSC', undefined],
    ['r', '', 'sc', 'is revoked'],
    ['e', '1577923200', 'sc', 'has expired on 2020-01-02'],
    ['i', '', 'sc', 'is invalid'],
    ['u', '', 'scESCD', 'is disabled'],
    ['u', '', 'cC', 'has no part that can sign now'],
  ])('of validity %j, expiry %j and capabilities %j: %j', (validity, expires, capabilities, flaw) => {
    const user = 'Builds: all of them <builds@example.org>';
    expect(parseGpgKeys(listing(validity, expires, capabilities))).toEqual([
      { fingerprint: FINGERPRINT, user, flaw },
    ]);
  });

  it('are as many as there are records of them, whatever else stands there', () => {
    const record = fc.oneof(fc.constantFrom('sec', 'fpr', 'uid', 'ssb'), fc.string());
    const line = fc.tuple(record, fc.array(fc.string())).map(([name, rest]) => [name, ...rest].join(':'));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const count = lines
          .join('\n')
          .split('\n')
          .filter((each) => each.split(':')[0] === 'sec').length;
        expect(parseGpgKeys(lines.join('\n'))).toHaveLength(count);
      }),
    );
  });
});

describe('the key that is meant', () => {
  const key = (fingerprint: string, flaw?: string): GpgKey => ({ fingerprint, user: 'U <u@x>', flaw });
  const refusal = (...keys: readonly GpgKey[]): string => {
    try {
      chooseGpgKey(keys, 'u@x');
      return 'none';
    } catch (thrown) {
      return thrown instanceof BuilderError ? `${thrown.code}: ${thrown.message}` : 'a bug';
    }
  };

  it('is the only one that can sign, whatever old ones there are', () => {
    expect(chooseGpgKey([key('1', 'is revoked'), key('2'), key('3', 'is disabled')], 'u@x')).toEqual(
      key('2'),
    );
  });

  it('is none when there is none', () => {
    expect(chooseGpgKey([], 'u@x')).toBeUndefined();
  });

  it('is not guessed', () => {
    expect(refusal(key('1'), key('2'))).toBe('key-unusable: several secret keys fit gpg:u@x: 1, 2');
  });

  it('is refused with its flaw', () => {
    expect(refusal(key('1', 'is revoked'))).toBe('key-unusable: the key gpg:u@x is revoked: 1 U <u@x>');
  });
});
