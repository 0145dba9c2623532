import { ServiceError } from '../service-error.ts';
import type { Region } from '../world.ts';
import type { Action } from './action.ts';
import { type FilterValues, filtersOf } from './filters.ts';
import type { SecurityGroup } from './machines.ts';
import { requireVpc } from './networks.ts';
import type { QueryParams } from './query-params.ts';
import { tagSet, tagsFor } from './tags.ts';

const TEXT = /^[\w .:\-/()#,@[\]+=&;{}!$*]{1,255}$/;
const CIDR = /^(\d{1,3}\.){3}\d{1,3}\/(3[0-2]|[12]?\d)$/;

export function findGroup(region: Region, id: string): SecurityGroup {
  const group = region.machines.groups.get(id);
  if (group !== undefined) return group;
  const code = /^sg-[0-9a-f]{8,17}$/.test(id) ? 'InvalidGroup.NotFound' : 'InvalidGroupId.Malformed';
  throw new ServiceError(code, `The security group '${id}' does not exist`);
}

export const createSecurityGroup: Action = ({ params, region, world }) => {
  const [name, description] = [params.require('GroupName'), params.require('GroupDescription')];
  for (const text of [name, description]) {
    if (!TEXT.test(text)) throw new ServiceError('InvalidParameterValue', `"${text}" is not valid here`);
  }
  if (name.startsWith('sg-'))
    throw new ServiceError('InvalidParameterValue', 'a name may not begin with sg-');
  const vpcId = requireVpc(region, params.text('VpcId'));
  if ([...region.machines.groups.values()].some((group) => group.name === name && group.vpcId === vpcId)) {
    const message = `The security group '${name}' already exists for VPC '${vpcId}'`;
    throw new ServiceError('InvalidGroup.Duplicate', message);
  }
  const tags = tagsFor(params, ['security-group']).get('security-group') ?? new Map<string, string>();
  const id = world.newId('sg');
  region.machines.groups.set(id, { id, name, description, vpcId, rules: new Set(), tags });
  return { return: true, groupId: id, tagSet: tagSet(tags) };
};

export const authorizeSecurityGroupIngress: Action = ({ params, region }) => {
  const group = findGroup(region, params.require('GroupId'));
  const rules = params.items('IpPermissions').flatMap(rulesOf);
  if (rules.length === 0) throw new ServiceError('MissingParameter', 'no rule is given');
  const known = rules.find((rule) => group.rules.has(rule));
  if (known !== undefined) {
    throw new ServiceError('InvalidPermission.Duplicate', `the specified rule "${known}" already exists`);
  }
  for (const rule of rules) group.rules.add(rule);
  return { return: true };
};

export const describeSecurityGroups: Action = ({ params, region }) => {
  const ids = params.list('GroupId');
  const passes = filtersOf(params, FILTERS);
  const asked =
    ids.length === 0 ? [...region.machines.groups.values()] : ids.map((id) => findGroup(region, id));
  return {
    securityGroupInfo: asked.filter(passes).map((group) => ({
      groupId: group.id,
      groupName: group.name,
      groupDescription: group.description,
      vpcId: group.vpcId,
      tagSet: tagSet(group.tags),
    })),
  };
};

export const deleteSecurityGroup: Action = ({ params, region, world }) => {
  const group = findGroup(region, params.require('GroupId'));
  const holder = region.machines
    .holders(world.clock.nowMs())
    .find(({ groupIds }) => groupIds.includes(group.id));
  if (holder !== undefined) {
    throw new ServiceError('DependencyViolation', `resource ${group.id} has a dependent object`);
  }
  region.machines.groups.delete(group.id);
  return { return: true };
};

const FILTERS: FilterValues<SecurityGroup> = {
  'group-id': ({ id }) => [id],
  'group-name': ({ name }) => [name],
  'vpc-id': ({ vpcId }) => [vpcId],
};

function rulesOf(permission: QueryParams): string[] {
  const protocol = permission.require('IpProtocol');
  const [from, to] = [permission.number('FromPort'), permission.number('ToPort')];
  if (
    protocol !== '-1' &&
    !(from !== undefined && to !== undefined && from >= 0 && to >= from && to <= 65_535)
  ) {
    throw new ServiceError('InvalidParameterValue', `Invalid TCP/UDP port range (${from}:${to})`);
  }
  return permission.items('IpRanges').map((range) => {
    range.text('Description');
    const cidr = range.require('CidrIp');
    if (!CIDR.test(cidr)) throw new ServiceError('InvalidParameterValue', `CIDR block ${cidr} is malformed`);
    return `${protocol} ${from}-${to} ${cidr}`;
  });
}
