import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostnameFrom, metadataFor } from './metadata.ts';

describe('hostnameFrom', () => {
  it.each([
    ['coreos-stable', 'coreos-stable'],
    ['Base_DCOS.1', 'base-dcos-1'],
    ['--x--', 'x'],
    ['...', 'netsil-builder'],
    [`${'a'.repeat(62)}.b`, 'a'.repeat(62)],
  ])('makes %s to %s', (name, hostname) => {
    expect(hostnameFrom(name)).toBe(hostname);
  });

  it('is a valid host name, whatever comes in', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        expect(hostnameFrom(name)).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      }),
    );
  });
});

describe('metadataFor', () => {
  it('is the same instance for the same input, and another one for another', () => {
    const { instanceId } = metadataFor('data', 'host');
    expect(instanceId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(metadataFor('data', 'host').instanceId).toBe(instanceId);
    expect(metadataFor('data', 'other').instanceId).not.toBe(instanceId);
    expect(metadataFor('changed', 'host').instanceId).not.toBe(instanceId);
  });
});
