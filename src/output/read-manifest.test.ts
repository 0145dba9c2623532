import { describe, expect, it } from 'vitest';
import { olderManifestText, sampleManifest } from '../../test/support/sample-manifest.ts';
import { redactedJson, registerSecret } from '../system/secrets.ts';
import { parseManifest, readManifest } from './read-manifest.ts';

describe('a manifest', () => {
  it('is read as it was written', () => {
    expect(parseManifest(redactedJson(sampleManifest()), 'm')).toEqual(sampleManifest());
  });

  it('of an older version is read, without what it did not tell', () => {
    const manifest = parseManifest(olderManifestText(), 'm');
    expect(manifest.phases[1]).toEqual({ phase: 'prepare', outcome: 'done', seconds: 0.5 });
    expect(manifest).not.toHaveProperty('tasks');
  });

  it('of a newer version is read as far as it is known', () => {
    const newer = { ...sampleManifest(), weather: 'fine' };
    const phase = { phase: 'prove', outcome: 'half done', seconds: 1 };
    const text = JSON.stringify({ ...newer, phases: [phase] });
    expect(parseManifest(text, 'm').phases).toEqual([phase]);
    expect(parseManifest(text, 'm')).not.toHaveProperty('weather');
  });

  it.each([
    ['nothing', '', 'm:1:1: '],
    ['half a file', '{\n  "schema": 1,\n', 'm:3:1: property name expected'],
    ['another schema', '{\n  "schema": 2\n}', /^m:2:13: schema: /],
    [
      'a size that is none',
      olderManifestText().replace('1145085952', '"large"'),
      /^m:\d+:16: artifacts\.1\.bytes: .*number/,
    ],
    [
      'a size that no file has',
      olderManifestText().replace('1145085952', '1e300'),
      /^m:\d+:16: artifacts\.1\.bytes: /,
    ],
    ['a list', '[]', /^m:1:1: .*object/],
  ])('that is %s is refused with the place', (_what, text, message) => {
    expect(() => parseManifest(text, 'm')).toThrow(message);
    expect(() => parseManifest(text, 'm')).toThrow(expect.objectContaining({ code: 'manifest-malformed' }));
  });

  it.each([
    '../secret',
    '/etc/passwd',
    '..',
    '.hidden',
    'a/b',
    '',
  ])('that names the file %j, which is none of its folder, is refused', (file) => {
    const manifest = sampleManifest();
    const artifacts = manifest.artifacts.map((artifact) => ({ ...artifact, file }));
    const text = JSON.stringify({ ...manifest, artifacts });
    expect(() => parseManifest(text, 'm')).toThrow(
      /artifacts\.0\.file: expected the name of a file in this folder/,
    );
  });

  it('that is not there is told by its path', async () => {
    await expect(readManifest('/nowhere/latest')).rejects.toMatchObject({
      code: 'manifest-missing',
      message: 'there is no /nowhere/latest/manifest.json',
    });
  });

  it('holds no secret, wherever somebody may have put one', () => {
    registerSecret('correct-horse-battery');
    const manifest = {
      ...sampleManifest(),
      login: 'ssh -i correct-horse-battery',
      payload: 'correct-horse-battery',
    };
    const text = redactedJson(manifest);
    expect(text).not.toContain('correct-horse');
    expect(parseManifest(text, 'm').login).toBe('ssh -i [secret]');
  });
});
