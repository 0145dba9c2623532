import { describe, expect, it } from 'vitest';
import { readSettings } from '../../settings/settings.ts';
import type { VariableValues } from '../../settings/variables.ts';
import { amiVariables } from './ami-variables.ts';

const PREPARED = {
  source: {
    id: 'ami-0123456789abcdef0',
    name: 'debian-12-amd64-20261101-1',
    owner: '136693071363',
    rootDevice: '/dev/xvda',
    diskGib: 8,
    family: 'debian',
  },
  sshUser: 'admin',
  userDataFile: '/run/user-data',
  payload: { name: 'p', playbook: '/p.yml', pythonInterpreter: '/usr/bin/python3', variables: {}, why: '' },
} as const;

function variables(values: VariableValues = {}): Readonly<Record<string, string>> {
  const context = { cwd: '/', env: {}, hostCpus: 2, fileExists: () => false };
  return amiVariables(readSettings({ IMAGE_NAME: 'mine', ...values }, context), PREPARED);
}

describe('the variables of the template for an AMI', () => {
  it('name the image that was found, by all that the filter looks at', () => {
    expect(variables()).toMatchObject({
      aws_source_ami: 'ami-0123456789abcdef0',
      aws_source_owner: '136693071363',
      aws_source_name: 'debian-12-amd64-20261101-1',
      ssh_username: 'admin',
      aws_instance_type: 't3.large',
    });
  });

  it.each([
    [undefined, ''],
    ['10000M', '10'],
    ['20G', '20'],
    // A disk cannot be smaller than what it is made of.
    ['4G', '8'],
  ])('make of a wish for a disk of %s the GiB %j', (size, gib) => {
    expect(variables(size === undefined ? {} : { DISK_SIZE: size })['aws_disk_gib']).toBe(gib);
  });

  it.each([
    [undefined, '', ''],
    ['false', '', ''],
    ['true', 'true', ''],
    ['alias/mine', 'true', 'alias/mine'],
  ])('make of AWS_ENCRYPT=%s %j and %j', (value, encrypt, key) => {
    const found = variables(value === undefined ? {} : { AWS_ENCRYPT: value });
    expect([found['aws_encrypt'], found['aws_kms_key']]).toEqual([encrypt, key]);
  });
});
