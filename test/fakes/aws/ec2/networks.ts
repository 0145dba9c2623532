import { ServiceError } from '../service-error.ts';
import type { Region } from '../world.ts';
import type { Action } from './action.ts';
import { filtersOf, type FilterValues } from './filters.ts';

/** The VPC that is asked for, or the default one. Packer sends an empty id for that. */
export function requireVpc({ machines }: Region, id: string | undefined): string {
  if (id === undefined || id === '') {
    if (machines.hasDefaultVpc) return machines.vpcId;
    throw new ServiceError('VPCIdNotSpecified', 'No default VPC for this user');
  }
  if (id === machines.vpcId) return id;
  throw new ServiceError('InvalidVpcID.NotFound', `The vpc ID '${id}' does not exist`);
}

export function requireSubnet({ machines }: Region, id: string): string {
  if (id === machines.subnetId) return id;
  throw new ServiceError('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`);
}

export const describeVpcs: Action = ({ params, region }) => {
  const { machines } = region;
  const ids = params.list('VpcId').map((id) => requireVpc(region, id));
  const vpc = { id: machines.vpcId, isDefault: machines.hasDefaultVpc, tags: new Map<string, string>() };
  const filters: FilterValues<typeof vpc> = {
    'vpc-id': ({ id }) => [id],
    isDefault: ({ isDefault }) => [String(isDefault)],
    'is-default': ({ isDefault }) => [String(isDefault)],
    state: () => ['available'],
  };
  const found = [vpc]
    .filter(filtersOf(params, filters))
    .filter(({ id }) => ids.length === 0 || ids.includes(id));
  return {
    vpcSet: found.map(({ id, isDefault }) => ({
      vpcId: id,
      state: 'available',
      cidrBlock: '172.31.0.0/16',
      isDefault,
    })),
  };
};

export const describeSubnets: Action = ({ params, region }) => {
  const ids = params.list('SubnetId').map((id) => requireSubnet(region, id));
  const { machines } = region;
  const subnet = { id: machines.subnetId, tags: new Map<string, string>() };
  const filters: FilterValues<typeof subnet> = {
    'subnet-id': ({ id }) => [id],
    'vpc-id': () => [machines.vpcId],
    'default-for-az': () => [String(machines.hasDefaultVpc)],
    'availability-zone': () => [`${region.name}a`],
    state: () => ['available'],
  };
  const found = [subnet]
    .filter(filtersOf(params, filters))
    .filter(({ id }) => ids.length === 0 || ids.includes(id));
  return {
    subnetSet: found.map(({ id }) => ({
      subnetId: id,
      vpcId: machines.vpcId,
      state: 'available',
      cidrBlock: '172.31.0.0/20',
      availableIpAddressCount: 4091,
      availabilityZone: `${region.name}a`,
      defaultForAz: machines.hasDefaultVpc,
      mapPublicIpOnLaunch: true,
    })),
  };
};

export const describeAvailabilityZones: Action = ({ region }) => ({
  availabilityZoneInfo: [{ zoneName: `${region.name}a`, zoneState: 'available', regionName: region.name }],
});

export const describeRegions: Action = ({ params, world }) => {
  params.flag('AllRegions');
  const asked = params.list('RegionName');
  const unknown = asked.find((name) => !world.regions.has(name));
  if (unknown !== undefined) throw new ServiceError('InvalidParameterValue', `Invalid region ${unknown}`);
  const names = asked.length === 0 ? [...world.regions.keys()] : asked;
  return {
    regionInfo: names.map((regionName) => ({
      regionName,
      regionEndpoint: `ec2.${regionName}.amazonaws.com`,
      optInStatus: 'opt-in-not-required',
    })),
  };
};

export const describeAccountAttributes: Action = ({ params, region: { machines } }) => {
  params.list('AttributeName');
  const values: Readonly<Record<string, string>> = {
    'supported-platforms': 'VPC',
    'default-vpc': machines.hasDefaultVpc ? machines.vpcId : 'none',
  };
  return {
    accountAttributeSet: Object.entries(values).map(([attributeName, attributeValue]) => ({
      attributeName,
      attributeValueSet: [{ attributeValue }],
    })),
  };
};
