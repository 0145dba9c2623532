import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { EBS } from './ebs/ebs-service.ts';
import { EC2 } from './ec2/ec2-service.ts';
import type { Fault } from './faults.ts';
import type { Answer, Call, Service } from './service.ts';
import { ServiceError } from './service-error.ts';
import { isSignedWith, parseSignature, type Signature } from './signature.ts';
import { World, type WorldOptions } from './world.ts';

const SERVICES: readonly Service[] = [EC2, EBS];

/**
 * A stand-in for the parts of Amazon EC2 and of the EBS direct APIs that this project uses, on a port of loopback. It
 * refuses what the service refuses; README.md has the rules. The region is that of the signature, as there is one
 * address for all.
 *
 *     await using aws = await AwsStandIn.start();
 *     const ec2 = new EC2Client({ endpoint: aws.endpoint, … });
 *     aws.world.faults.next('PutSnapshotBlock', { kind: 'throttle' });
 */
export class AwsStandIn implements AsyncDisposable {
  readonly world: World;
  readonly endpoint: string;
  readonly #server: Server;

  private constructor(world: World, server: Server) {
    this.world = world;
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(options: WorldOptions = {}): Promise<AwsStandIn> {
    const world = new World(options);
    const server = createServer((request, response) => {
      // A client that goes away is no failure of the server.
      serve(world, request, response).catch(() => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new AwsStandIn(world, server);
  }

  /** What makes the SDK and Packer come here, as the account's user. */
  get env(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: this.endpoint,
      AWS_ACCESS_KEY_ID: this.world.accessKey,
      AWS_SECRET_ACCESS_KEY: this.world.secretKey,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
    this.world.close();
  }
}

async function serve(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  const signature = parseSignature(request.headers.authorization);
  const service = SERVICES.find(({ name }) => name === signature?.service) ?? EBS;
  const outcome = decide(world, service, signature, request, body);
  if (outcome.fault?.kind === 'slow') await delay(outcome.fault.delayMs);
  if (outcome.answer === undefined) response.destroy();
  else response.writeHead(outcome.answer.status, outcome.answer.headers).end(outcome.answer.body);
}

interface Outcome {
  readonly fault?: Fault | undefined;
  /** Without one the connection is cut. */
  readonly answer: Answer | undefined;
}

function decide(
  world: World,
  service: Service,
  signature: Signature | undefined,
  request: IncomingMessage,
  body: Buffer,
): Outcome {
  let fault: Fault | undefined;
  try {
    const call = authenticate(world, service, signature, request, body);
    const action = service.actionOf(call);
    if (action === undefined) throw service.errors.unknownAction;
    world.requests.push(action);
    fault = world.faults.take(action);
    if (fault?.kind === 'cut') return { fault, answer: undefined };
    if (fault?.kind === 'throttle' || fault?.kind === 'server-error' || fault?.kind === 'unavailable') {
      throw service.errors.fault(fault.kind);
    }
    if (world.denied.has(`${service.name}:${action}`)) throw service.errors.denied(action);
    const answer = service.run(action, call);
    if (fault?.kind === 'cut-after') return { fault, answer: undefined };
    return { fault, answer: fault?.kind === 'corrupt-echo' ? corrupted(answer) : answer };
  } catch (thrown) {
    if (thrown instanceof ServiceError) return { fault, answer: service.refuse(thrown) };
    // A mistake of the stand-in itself: the test's output must show it.
    process.stderr.write(`stand-in of AWS: ${String(thrown instanceof Error ? thrown.stack : thrown)}\n`);
    throw thrown;
  }
}

function authenticate(
  world: World,
  service: Service,
  signature: Signature | undefined,
  request: IncomingMessage,
  body: Buffer,
): Call {
  const { errors } = service;
  if (signature === undefined || signature.service !== service.name) throw errors.unsigned;
  const region = world.regions.get(signature.region);
  if (region === undefined) throw errors.wrongRegion(signature.region);
  if (signature.accessKey !== world.accessKey) throw errors.wrongKey;
  const sha256 = createHash('sha256').update(body).digest();
  if (!isSignedWith(world.secretKey, signature, request, sha256)) throw errors.wrongSignature;
  return { world, region, request, body, sha256, url: new URL(request.url ?? '/', 'http://host') };
}

function corrupted(answer: Answer): Answer {
  const name = 'x-amz-Checksum';
  if (answer.headers[name] === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, [name]: Buffer.alloc(32, 0xbd).toString('base64') } };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
