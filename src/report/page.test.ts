import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { olderManifestText, sampleManifest } from '../../test/support/sample-manifest.ts';
import type { Manifest } from '../output/manifest.ts';
import { renderReport } from './page.ts';

const pageOf = (manifest: Manifest): string =>
  renderReport({
    manifest,
    images: manifest.artifacts.map((artifact) => ({
      ...artifact,
      ...{ target: 'VirtualBox', check: 'qemu-img check' },
      imports: [{ platform: 'VirtualBox', steps: [{ kind: 'type', command: `attach ${artifact.file}` }] }],
    })),
  });

/** As a reader sees it: without tags. */
const textOf = (page: string): string =>
  page
    .replace(/<(style|script)>[^]*?<\/\1>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');

describe('the report', () => {
  it('tells what was built, of what, how long it took, and where it goes', () => {
    const text = textOf(pageOf(sampleManifest()));
    expect(text).toContain('20261125-210024 web 4 images, each equal to the built disk byte for byte.');
    expect(text).toContain('Total time 2 min 28 s Images 4, 4.2 GiB Layers 2 of 4 cached');
    expect(text).toContain('Finished 25 Nov 2026, 21:00 UTC');
    expect(text).toContain('Debian 12, made here from packages debian, 4 GiB');
    expect(text).toContain('tcg KVM opens but gave no answer to 64-bit code in 2 s');
    expect(text).toContain('xorriso 1.5.4');
    expect(text).toContain(
      'The slowest task was container-host : Install the missing packages : 1 min 36 s , 65 %',
    );
    expect(text).toContain('web.vdi vdi, for VirtualBox');
    expect(text).toContain(
      'qemu-img check SHA-256 d6d9544eda95ced2d901d20f93f0823d5bb3eaa923dd6fd8b4c0e1f05cc4b6b1',
    );
    expect(text).toContain('Into VirtualBox attach web.vdi Copy');
    expect(text).toContain('ssh -i /srv/secrets/netsil-builder_ed25519 core@ADDRESS');
  });

  it('says in words what the bars of the timeline show', () => {
    const text = textOf(pageOf(sampleManifest()));
    expect(text).toContain('provision with Ansible from 6.6 s on, 2 min 06 s');
    expect(text).toContain('python cached');
    expect(text).toContain(
      'container-host variable playbook changed, role lay-files: tasks/main.yml changed kept in 4.5 s, 671.8 MiB from 8.6 s on, 1 min 45 s',
    );
    expect(text).toContain('generalise : Clean the image changed from 2 min 06 s on, 4.7 s');
  });

  it('names no folder of the builder but that of the key', () => {
    const sample = sampleManifest();
    const text = textOf(
      pageOf({
        ...sample,
        base: { ...sample.base, source: '/srv/images/my base.img' },
        payload: '/srv/roles/web.yml',
        plan: [
          { label: 'payload', value: 'dcos', why: 'installer /srv/images/dcos.sh; by https://a.example/b/c' },
        ],
      }),
    );
    expect(text).toContain('Base my base.img debian');
    expect(text).toContain('Payload web.yml installer dcos.sh; by https://a.example/b/c');
    expect(text.replaceAll('/srv/secrets/netsil-builder_ed25519', '')).not.toContain('/srv');
  });

  it('shows how to verify a signature, and by which key', () => {
    const sample = sampleManifest();
    expect(textOf(pageOf(sample))).toContain(
      'signed with gpg. Compare the fingerprint with the one that the builder told you in another way: A373B066389675AEDF74B937572665E4BA94969E Copy the fingerprint of the key that signed In the folder of the images: gpg --verify SHA256SUMS.asc SHA256SUMS Copy',
    );
    const signature = { tool: 'minisign', file: 'SHA256SUMS.minisig', key: 'RWRhlG+OM7Pq' } as const;
    expect(textOf(pageOf({ ...sample, signature }))).toContain(
      'minisign -Vm SHA256SUMS -P RWRhlG+OM7Pq Copy',
    );
    expect(textOf(pageOf(JSON.parse(olderManifestText()) as Manifest))).not.toContain('signed');
  });

  it('names a base that was downloaded by its whole address', () => {
    const sample = sampleManifest();
    const source = 'https://images.example/12/base.qcow2';
    expect(textOf(pageOf({ ...sample, base: { ...sample.base, source } }))).toContain(source);
  });

  it('is complete for a build without layers, tasks and login, as older versions wrote them', () => {
    const text = textOf(pageOf(JSON.parse(olderManifestText()) as Manifest));
    expect(text).toContain('Total time 2 min 24 s Images 4, 4.2 GiB Finished');
    expect(text).toContain('made here from packages');
    expect(text).not.toMatch(/undefined|NaN|Layers|Log in|tasks/);
  });

  it('lets its own style and script run, and nothing else', () => {
    const page = pageOf(sampleManifest());
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1]?.replaceAll('&#39;', "'");
    const digest = (tag: string): string => {
      const inner = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(page)?.[1] ?? '';
      return `'sha256-${createHash('sha256').update(inner).digest('base64')}'`;
    };
    expect(policy).toBe(
      `default-src 'none'; style-src ${digest('style')}; script-src ${digest('script')}; img-src data:; base-uri 'none'; form-action 'none'`,
    );
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/ style="| on\w+="|<link|<img|<iframe/);
  });

  it('is small: less than 200 kB, also with three times as many tasks', () => {
    const manifest = sampleManifest();
    const tasks = [1, 2, 3].flatMap(() => manifest.tasks ?? []);
    expect(Buffer.byteLength(pageOf({ ...manifest, tasks }))).toBeLessThan(200_000);
  });
});
