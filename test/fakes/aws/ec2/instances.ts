import { ServiceError } from '../service-error.ts';
import { ACCOUNT, type Region } from '../world.ts';
import type { Action, Ec2Call } from './action.ts';
import { type FilterValues, filtersOf } from './filters.ts';
import { instanceXml, stateXml } from './instance-xml.ts';
import type { Instance, InstanceState, Wish } from './machines.ts';
import { pageOf } from './paging.ts';

export function findInstance(region: Region, id: string): Instance {
  if (!/^i-[0-9a-f]{8,17}$/.test(id)) {
    throw new ServiceError('InvalidInstanceID.Malformed', `Invalid id: "${id}"`);
  }
  const instance = region.machines.instances.get(id);
  if (instance !== undefined) return instance;
  throw new ServiceError('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
}

export const describeInstances: Action = (call) => {
  const { region, world } = call;
  const { page, nextToken } = askedFor(call);
  const reservations = page.map((instance) => ({
    reservationId: `r-${instance.id.slice(2)}`,
    ownerId: ACCOUNT,
    instancesSet: [instanceXml(region, instance, world.clock.nowMs())],
  }));
  return { reservationSet: reservations, nextToken };
};

export const describeInstanceStatus: Action = (call) => {
  const isAll = call.params.flag('IncludeAllInstances');
  const { page, nextToken } = askedFor(call);
  const shown = page.filter((instance) => isAll || stateOf(call, instance) === 'running');
  const status = (instance: Instance): string =>
    stateOf(call, instance) === 'running' ? 'ok' : 'not-applicable';
  return {
    instanceStatusSet: shown.map((instance) => ({
      instanceId: instance.id,
      instanceState: stateXml(stateOf(call, instance)),
      systemStatus: { status: status(instance) },
      instanceStatus: { status: status(instance) },
    })),
    nextToken,
  };
};

export const stopInstances: Action = (call) => {
  call.params.flag('Force');
  return change(call, 'stop', ['running', 'stopping', 'stopped'], (instance) =>
    call.region.machines.host.stopped?.(instance),
  );
};

export const terminateInstances: Action = (call) =>
  change(call, 'terminate', undefined, (instance) => call.region.machines.host.terminated?.(instance));

/** One attribute at a time, of those that a builder changes; some only of a stopped instance. */
export const modifyInstanceAttribute: Action = (call) => {
  const { params, region } = call;
  const instance = findInstance(region, params.require('InstanceId'));
  const given = ['EnaSupport', 'SriovNetSupport', 'DisableApiTermination'].flatMap((name) => {
    const value = params.member(name).text('Value');
    return value === undefined ? [] : [[name, value] as const];
  });
  const [attribute] = given;
  if (attribute === undefined || given.length > 1) {
    throw new ServiceError('InvalidParameterCombination', 'Fields for multiple or no attributes specified');
  }
  if (attribute[0] !== 'DisableApiTermination' && stateOf(call, instance) !== 'stopped') {
    throw new ServiceError(
      'IncorrectInstanceState',
      `The instance '${instance.id}' is not in the 'stopped' state.`,
    );
  }
  instance.attributes.set(...attribute);
  return { return: true };
};

function stateOf({ region, world }: Ec2Call, instance: Instance): InstanceState {
  return region.machines.stateOf(instance, world.clock.nowMs());
}

function askedFor(call: Ec2Call): ReturnType<typeof pageOf<Instance>> {
  const { params, region } = call;
  const ids = params.list('InstanceId');
  const passes = filtersOf(params, filterValues(call));
  const all =
    ids.length === 0 ? [...region.machines.instances.values()] : ids.map((id) => findInstance(region, id));
  return pageOf(call, all.filter(passes), ids);
}

function filterValues(call: Ec2Call): FilterValues<Instance> {
  return {
    'instance-id': ({ id }) => [id],
    'instance-state-name': (instance) => [stateOf(call, instance)],
    'instance.group-id': ({ groupIds }) => groupIds,
    'key-name': ({ keyName }) => (keyName === undefined ? [] : [keyName]),
  };
}

/** Asks instances to go into another state; those that are on their way stay so. */
function change(
  call: Ec2Call,
  wish: Wish,
  from: readonly InstanceState[] | undefined,
  tell: (instance: Instance) => void,
): ReturnType<Action> {
  const instances = call.params.list('InstanceId').map((id) => findInstance(call.region, id));
  if (instances.length === 0) throw new ServiceError('MissingParameter', 'no InstanceId is given');
  const wrong = instances.find((instance) => from?.includes(stateOf(call, instance)) === false);
  if (wrong !== undefined) {
    const message = `The instance '${wrong.id}' is not in a state from which it can be stopped.`;
    throw new ServiceError('IncorrectInstanceState', message);
  }
  return {
    instancesSet: instances.map((instance) => {
      const before = stateOf(call, instance);
      if (instance.wish !== wish) {
        Object.assign(instance, { wish, wishedMs: call.world.clock.nowMs() });
        tell(instance);
      }
      const currentState = stateXml(stateOf(call, instance));
      return { instanceId: instance.id, currentState, previousState: stateXml(before) };
    }),
  };
}
