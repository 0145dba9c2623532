import { describe, expect, it } from 'vitest';
import { familyOfName, isNamedImage, isPublishedName, sshUserOf, stemOf } from './families.ts';

describe('published names', () => {
  it.each([
    ['coreos_production_qemu_image.img', 'coreos', 'core'],
    ['coreos_production_qemu_image.img.bz2', 'coreos', 'core'],
    ['coreos_production_image.bin.bz2', 'coreos', 'core'],
    ['flatcar_production_qemu_image.img', 'flatcar', 'core'],
    ['flatcar_production_qemu_image.img.gz', 'flatcar', 'core'],
    ['flatcar_production_qemu_uefi_image.img.bz2', 'flatcar', 'core'],
    ['fedora-coreos-44.20260707.3.1-qemu.x86_64.qcow2.xz', 'fedora-coreos', 'core'],
    ['debian-12-generic-amd64.qcow2', 'debian', 'debian'],
    ['debian-12-genericcloud-amd64-20240717-1811.raw', 'debian', 'debian'],
    ['jammy-server-cloudimg-amd64.img', 'ubuntu', 'ubuntu'],
    ['ubuntu-22.04-server-cloudimg-amd64.img.zst', 'ubuntu', 'ubuntu'],
  ] as const)('%s is known, of %s, with the user %s', (name, family, user) => {
    expect(isPublishedName(name)).toBe(true);
    expect(familyOfName(name)).toBe(family);
    expect(sshUserOf(family)).toBe(user);
  });

  it.each([
    ['flatcar_production_qemu_image.img.bz2.sig', 'a signature'],
    ['flatcar_production_qemu_image.img.bz2.DIGESTS', 'its digests'],
    ['flatcar_production_qemu_uefi_efi_code.qcow2', 'firmware'],
    ['fedora-coreos-44.20260707.3.1-aws.x86_64.vmdk.xz', 'the disk of another platform'],
    ['debian-12-nocloud-amd64.qcow2', 'an image without cloud-init'],
    ['debian-12-generic-arm64.qcow2', 'another processor'],
    ['host.qcow2', 'any image'],
  ])('%s is not taken by itself: it is %s', (name) => {
    expect(isPublishedName(name)).toBe(false);
  });
});

describe('isNamedImage', () => {
  it.each([
    ['base.img', true],
    ['base.qcow2', true],
    ['base.raw.xz', true],
    ['base.bin.bz2', true],
    ['base.vmdk', false],
    ['base2.img', false],
    ['base.img.sig', false],
    ['mybase.img', false],
  ])('%s is the image called base: %s', (name, expected) => {
    expect(isNamedImage(name, 'base')).toBe(expected);
  });

  it('takes dots in the name as dots', () => {
    expect(isNamedImage('v1x2.img', 'v1.2')).toBe(false);
  });
});

it('stemOf takes off one compression, and nothing else', () => {
  expect(['a.img.bz2', 'a.img', 'a.qcow2.zst'].map(stemOf)).toEqual(['a.img', 'a.img', 'a.qcow2']);
});
