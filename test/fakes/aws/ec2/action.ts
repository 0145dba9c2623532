import type { Call } from '../service.ts';
import type { QueryParams } from './query-params.ts';
import type { XmlValue } from './xml.ts';

/** A request to EC2. */
export interface Ec2Call extends Call {
  readonly params: QueryParams;
}

/** What one action does: changes the world, and says what stands in its answer besides the request's id. */
export type Action = (call: Ec2Call) => { readonly [name: string]: XmlValue };
