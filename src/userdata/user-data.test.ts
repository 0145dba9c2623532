import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import {
  type CloudConfigData,
  DRIVE_KINDS,
  planUserData,
  takesDrive,
  USER_DATA_FAMILIES,
  type UserDataFamily,
} from './user-data.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHt4EbgrGR4kIdltRnXwutJ9ZVXQOIE0SHR4d me';

const CloudConfig = z.object({
  ssh_authorized_keys: z.array(z.string()),
  write_files: z
    .array(z.object({ path: z.string(), permissions: z.string(), content: z.string() }))
    .default([]),
  bootcmd: z.array(z.array(z.string())).default([]),
  runcmd: z.array(z.array(z.string())).default([]),
  coreos: z
    .object({ units: z.array(z.object({ name: z.string(), mask: z.boolean(), command: z.string() })) })
    .optional(),
});

const Ignition = z.object({
  ignition: z.object({ version: z.string() }),
  kernelArguments: z.object({ shouldExist: z.array(z.string()) }),
  passwd: z.object({
    users: z.array(z.object({ name: z.string(), sshAuthorizedKeys: z.array(z.string()) })),
  }),
  storage: z.object({
    files: z.array(
      z.object({ path: z.string(), mode: z.number(), contents: z.object({ source: z.string() }) }),
    ),
  }),
  systemd: z.object({ units: z.array(z.object({ name: z.string(), mask: z.boolean() })) }),
});

function cloudConfigOf(family: UserDataFamily, publicKey = KEY): z.infer<typeof CloudConfig> {
  return CloudConfig.parse(parse(driveOf(family, publicKey).text, { version: '1.1' }));
}

function driveOf(family: UserDataFamily, publicKey = KEY): CloudConfigData {
  const data = planUserData({ family, publicKey, hostname: 'host' });
  if (data.kind !== 'cloud-config') throw new Error(`${family} has no cloud-config`);
  return data;
}

function ignitionOf(family: UserDataFamily): { config: z.infer<typeof Ignition>; fwCfgName: string } {
  const data = planUserData({ family, publicKey: KEY, hostname: 'host' });
  if (data.kind !== 'ignition') throw new Error(`${family} has no Ignition config`);
  return { config: Ignition.parse(JSON.parse(data.text)), fwCfgName: data.fwCfgName };
}

describe('cloud-config', () => {
  const families = ['embedded', 'coreos', 'debian', 'ubuntu'] as const;

  it.each(families)('carries the key to %s, under the header that both readers insist on', (family) => {
    expect(driveOf(family).text.split('\n')[0]).toBe('#cloud-config');
    expect(cloudConfigOf(family).ssh_authorized_keys).toEqual([KEY]);
  });

  it('keeps any key comment', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(...families), (comment, family) => {
        const key = `${KEY} ${comment}`;
        expect(cloudConfigOf(family, key).ssh_authorized_keys).toEqual([key]);
      }),
      { numRuns: 50 },
    );
  });

  it('shadows the rules that rename cards, and the naming policy, on CoreOS', () => {
    const files = cloudConfigOf('coreos').write_files;
    expect(files.map(({ path, permissions }) => [path, permissions])).toEqual([
      ['/etc/udev/rules.d/80-net-setup-link.rules', '0644'],
      ['/etc/systemd/network/99-default.link', '0644'],
    ]);
    expect(files[1]?.content).toContain('NamePolicy=kernel\n');
  });

  it('keeps CoreOS from rebooting into an update', () => {
    const masked = (cloudConfigOf('coreos').coreos?.units ?? []).filter(({ mask }) => mask);
    expect(masked.map(({ name, command }) => [name, command])).toEqual([
      ['update-engine.service', 'stop'],
      ['locksmithd.service', 'stop'],
    ]);
  });

  it.each(['debian', 'ubuntu'] as const)('sets the kernel arguments of a given %s', (family) => {
    const { write_files: files, runcmd } = cloudConfigOf(family);
    const grub = files.find(({ path }) => path.startsWith('/etc/default/grub.d/'));
    // Appended: the image's own arguments (its serial console) must stay.
    expect(grub?.content).toBe('GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX net.ifnames=0 biosdevname=0"\n');
    expect(grub?.path).toMatch(/\.cfg$/);
    expect(runcmd).toContainEqual(['update-grub']);
  });

  it.each([
    'debian',
    'ubuntu',
  ] as const)('unties the name of the card from its MAC address on %s', (family) => {
    const { write_files: files, runcmd } = cloudConfigOf(family);
    expect(runcmd).toContainEqual(['rm', '-f', '/etc/netplan/50-cloud-init.yaml']);
    const netplan = files.find(({ path }) => path.startsWith('/etc/netplan/'));
    expect(netplan?.permissions).toBe('0600');
    expect(parse(netplan?.content ?? '')).toMatchObject({
      network: { ethernets: { 'zz-eth0': { match: { name: 'eth0' }, dhcp4: true } } },
    });
  });

  it('only adds the key to the embedded base, which is made with the kernel arguments', () => {
    expect(driveOf('embedded').text).toBe(`#cloud-config\nssh_authorized_keys:\n  - ${KEY}\n`);
  });
});

describe('Ignition', () => {
  it.each([
    ['flatcar', 'opt/org.flatcar-linux/config', ['update-engine.service', 'locksmithd.service']],
    ['fedora-coreos', 'opt/com.coreos/config', ['zincati.service']],
  ] as const)('tells %s everything', (family, fwCfgName, units) => {
    const { config, fwCfgName: name } = ignitionOf(family);
    expect(name).toBe(fwCfgName);
    expect(config.ignition.version).toBe('3.3.0');
    expect(config.passwd.users).toEqual([{ name: 'core', sshAuthorizedKeys: [KEY] }]);
    expect(config.kernelArguments.shouldExist).toEqual(['net.ifnames=0']);
    expect(config.systemd.units).toEqual(units.map((unit) => ({ name: unit, mask: true })));
    const [file] = config.storage.files;
    expect(file).toMatchObject({ path: '/etc/systemd/network/99-default.link', mode: 0o644 });
    expect(decodeURIComponent(file?.contents.source ?? '')).toContain('\nNamePolicy=kernel\n');
  });
});

describe('drives', () => {
  it('lays out an OpenStack config drive unless told otherwise', () => {
    const { driveLabel, driveFiles, text } = driveOf('embedded');
    expect(driveLabel).toBe('config-2');
    expect(driveFiles.map(({ path }) => path)).toEqual([
      'openstack/latest/meta_data.json',
      'openstack/latest/user_data',
    ]);
    expect(JSON.parse(driveFiles[0]?.content ?? '')).toMatchObject({ hostname: 'host', name: 'host' });
    expect(driveFiles[1]?.content).toBe(text);
  });

  it('lays out a NoCloud drive on request, of the same instance', () => {
    const config = JSON.parse(driveOf('debian').driveFiles[0]?.content ?? '') as { uuid: string };
    const data = planUserData({ family: 'debian', publicKey: KEY, hostname: 'host', driveKind: 'nocloud' });
    expect(data).toMatchObject({ driveLabel: 'cidata' });
    const { driveFiles, text } = data as CloudConfigData;
    expect(driveFiles.map(({ path }) => path)).toEqual(['meta-data', 'user-data']);
    expect(parse(driveFiles[0]?.content ?? '')).toEqual({
      'instance-id': config.uuid,
      'local-hostname': 'host',
    });
    expect(driveFiles[1]?.content).toBe(text);
  });

  it('knows which family reads which drive', () => {
    const readable = USER_DATA_FAMILIES.map((family) => [
      family,
      ...DRIVE_KINDS.filter((kind) => takesDrive(family, kind)),
    ]);
    expect(readable).toEqual([
      ['embedded', 'config-drive', 'nocloud'],
      ['coreos', 'config-drive'],
      ['flatcar'],
      ['fedora-coreos'],
      ['debian', 'config-drive', 'nocloud'],
      ['ubuntu', 'config-drive', 'nocloud'],
    ]);
  });
});
