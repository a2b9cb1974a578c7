import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Spread, SpreadFile } from '../../plan/spread-types.ts';
import type { ApplyContext } from '../context.ts';
import { Agent, type Message, type PublicKey } from './agent.ts';
import type { FileBytes } from './file-bytes.ts';
import { Ledger, type Transfer, type Trouble } from './ledger.ts';
import { Pieces } from './pieces.ts';

type Context = Pick<ApplyContext, 'connections' | 'emit' | 'signal' | 'materials'>;

interface Peer {
  readonly agent: Agent;
  readonly address: string;
  readonly holds: string[];
  /** Bytes of its partial files. */
  readonly partial: Map<string, number>;
  /** Its keys: as a client, and as a server. */
  client?: PublicKey;
  server?: PublicKey;
  /** Hosts that it admits, once it has said so. */
  readonly admitted: Map<string, { readonly done: Promise<void>; readonly resolve: () => void }>;
  /** What it says of its transfer. */
  current?: ((message: Message) => void) | undefined;
  bytes: { operator: number; hosts: number; held: number };
}

const pieceSize = 1 << 20;
/** Pieces on their way to a host. */
const piecesAhead = 2;
/** How long the first hosts wait for the others before anything is sent. */
const openingMs = 5_000;
/** As Session's: the slowest link, in bytes per millisecond. */
const slowest = 16;
const graceMs = 120_000;
/** Wires slower than this, in bytes per second, are worth gzip between hosts; files that shrink to this are, too. */
const slowWire = 12e6;
const shrinks = 0.8;

/** Brings the files of a plan's spread to its hosts, each from this machine once, and has them ready for the steps. */
export class Spreader {
  readonly #spread: Spread;
  readonly #context: Context;
  readonly #ledger: Ledger;
  readonly #files: ReadonlyMap<string, SpreadFile>;
  readonly #peers = new Map<string, Peer>();
  readonly #waits = new Map<
    string,
    { readonly promise: Promise<boolean>; readonly resolve: (has: boolean) => void }
  >();
  readonly #pieces = new Map<string, Pieces>();
  readonly #bytes = new Map<string, Peer['bytes']>();
  #started = false;
  #isOpen = false;
  #isClosed = false;
  #isQuiet = false;
  #bundle: string | undefined;
  /** Sizes of downloaded files. */
  readonly #sizes = new Map<string, number>();
  /** Bytes per second of the last uncompressed transfer between hosts. */
  #wire: number | undefined;

  constructor(spread: Spread, context: Context) {
    this.#spread = spread;
    this.#context = context;
    this.#files = new Map(spread.files.map((file) => [file.sha256, file]));
    const needs = new Map(
      spread.hosts.map(({ host }) => [
        host,
        spread.files.filter(({ hosts }) => hosts.includes(host)).map(({ sha256 }) => sha256),
      ]),
    );
    this.#ledger = new Ledger(needs);
    for (const [host, files] of needs)
      for (const sha256 of files) this.#waits.set(`${host} ${sha256}`, settled());
  }

  /** Begins, at the first call: a shell on every host that takes part. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#context.signal.addEventListener('abort', this.#giveUp, { once: true });
    void this.#begin().catch(() => {
      this.#giveUp();
    });
  }

  /** Whether a file is whole in the host's folder of the spread; waits until it is, or will not be. undefined: it is not spread there. */
  file(host: string, sha256: string): Promise<boolean> | undefined {
    return this.#waits.get(`${host} ${sha256}`)?.promise;
  }

  /** Ends the shells. `keeps`: hosts whose files stay, for the next run. */
  async close(keeps: (host: string) => boolean): Promise<void> {
    if (!this.#started || this.#isClosed) return;
    this.#context.signal.removeEventListener('abort', this.#giveUp);
    this.#giveUp();
    this.#isClosed = true;
    await Promise.all(
      [...this.#peers].map(async ([host, { agent }]) => {
        if (!keeps(host)) agent.send('forget');
        await agent.close();
      }),
    );
    if (this.#bytes.size > 0)
      this.#context.emit({
        type: 'files',
        hosts: [...this.#bytes].map(([host, bytes]): FileBytes => ({ host, ...bytes })),
      });
  }

  async #begin(): Promise<void> {
    this.#bundle = (await this.#context.materials()).bundle;
    const joining = this.#spread.hosts.map(({ host, address }) =>
      this.#join(host, address).catch(() => {
        this.#lose(host);
      }),
    );
    await Promise.race([Promise.all(joining), sleep(openingMs, undefined, { ref: false })]);
    this.#isOpen = true;
    this.#pump();
  }

  /** Resolves when the host takes part. */
  async #join(host: string, address: string): Promise<void> {
    const connection = this.#context.connections.get(host);
    if (connection === undefined) throw new Error('no connection');
    const bytes = { operator: 0, hosts: 0, held: 0 };
    this.#bytes.set(host, bytes);
    let ready: (message: Message) => void = () => undefined;
    const first = new Promise<Message>((resolve) => (ready = resolve));
    const early: Message[] = [];
    const box: { peer?: Peer } = {};
    const onMessage = (message: Message): void => {
      if (box.peer === undefined) early.push(message);
      else this.#onMessage(box.peer, message, ready);
    };
    const agent = await Agent.start(connection.writer, onMessage);
    const peer: Peer = { agent, address, holds: [], partial: new Map(), admitted: new Map(), bytes };
    box.peer = peer;
    this.#peers.set(host, peer);
    for (const message of early) onMessage(message);
    void agent.ended.then(() => {
      ready({ word: 'absent', rest: [] });
      this.#lose(host);
    });
    if ((await first).word === 'absent') {
      agent.kill();
      throw new Error('it does not take part');
    }
    const shares = this.#spread.hosts.length > 1;
    if (shares) {
      const reply = new Promise<Message>((resolve) => (ready = resolve));
      agent.send(`serve ${this.#spread.port} ${address}`);
      const { word, rest } = await reply;
      if (word === 'mute') this.#notice(host, 'cannot serve files to other hosts', rest.join(' '));
    }
    if (shares && peer.client === undefined)
      this.#notice(host, 'cannot take files from other hosts', 'it has no ssh or ssh-keygen');
    if (this.#isClosed) return;
    this.#ledger.ready(host, {
      serves: peer.server !== undefined,
      takes: peer.client !== undefined,
      holds: peer.holds,
    });
    for (const sha256 of peer.holds) this.#settle(host, sha256, true);
    this.#pump();
  }

  #onMessage(peer: Peer, message: Message, ready: (message: Message) => void): void {
    const { word, rest } = message;
    const [one = '', two = ''] = rest;
    switch (word) {
      case 'held':
        if (!this.#files.has(one)) break;
        peer.holds.push(one);
        peer.bytes.held += sizeOf(this.#files.get(one));
        break;
      case 'part':
        if (!this.#files.has(one)) break;
        peer.partial.set(one, Number(two));
        peer.bytes.held += Number(two);
        break;
      case 'client':
        if (isKey(one, two)) peer.client = [one, two];
        break;
      case 'serving':
        if (isKey(one, two)) peer.server = [one, two];
        ready(message);
        break;
      case 'absent':
      case 'ready':
      case 'mute':
        ready(message);
        break;
      case 'admitted':
        for (const [name, { client }] of this.#peers)
          if (client?.[1] === one) peer.admitted.get(name)?.resolve();
        break;
      case 'have':
        this.#sizes.set(one, Number(two));
        peer.current?.(message);
        break;
      case 'wrong':
      case 'lost':
      case 'took':
        peer.current?.(message);
        break;
    }
  }

  #pump(): void {
    if (!this.#isOpen || this.#isClosed || this.#context.signal.aborted) return;
    for (const transfer of this.#ledger.next()) void this.#carry(transfer);
    if (this.#ledger.isComplete() && !this.#isQuiet && this.#peers.size === this.#bytes.size) {
      this.#isQuiet = true;
      for (const { agent } of this.#peers.values()) agent.send('quiet');
    }
  }

  async #carry(transfer: Transfer): Promise<void> {
    const { to, sha256, from } = transfer;
    const peer = this.#peers.get(to);
    const file = this.#files.get(sha256);
    if (peer === undefined || file === undefined) return;
    const limit = setTimeout(
      () => {
        peer.agent.kill();
      },
      sizeOf(file) / slowest + graceMs,
    );
    const outcome = await (from === null ? this.#send(peer, file) : this.#take(peer, to, file, from)).catch(
      (): Result => ({ trouble: 'broken', why: '' }),
    );
    clearTimeout(limit);
    peer.current = undefined;
    if (outcome.trouble === undefined) {
      this.#ledger.done(transfer);
      this.#settle(to, sha256, true);
    } else {
      const { direct, givenUp } = this.#ledger.failed(transfer, outcome.trouble);
      if (outcome.trouble === 'wrong') peer.partial.delete(sha256);
      if (direct === true) this.#notice(to, 'cannot take files from other hosts', outcome.why);
      if (givenUp === true) this.#settle(to, sha256, false);
    }
    this.#pump();
  }

  /** From this machine, or from the internet. */
  async #send(peer: Peer, file: SpreadFile): Promise<Result> {
    const { sha256, source } = file;
    if (source.kind === 'download') {
      const url = Buffer.from(source.url);
      const reply = this.#reply(peer);
      peer.agent.send(`download ${sha256} ${url.length}`, url);
      return resultOf(await reply);
    }
    if (this.#bundle === undefined) return { trouble: 'wrong', why: '' };
    const pieces = this.#piecesOf(sha256);
    const begun = Date.now();
    let [at, taken] = [peer.partial.get(sha256) ?? 0, 0];
    let wake: (() => void) | undefined;
    let result: Result | undefined;
    const ahead: number[] = [];
    peer.current = ({ word, rest }) => {
      if (word === 'took') {
        taken += ahead.shift() ?? 0;
        peer.partial.set(sha256, Number(rest[1]));
      } else result ??= resultOf({ word, rest });
      wake?.();
    };
    void peer.agent.ended.then(() => {
      result ??= { trouble: 'broken', why: '' };
      wake?.();
    });
    const waitUntil = async (holds: () => boolean): Promise<void> => {
      while (!holds()) await new Promise<void>((resolve) => (wake = resolve));
    };
    if (at < source.size)
      for await (const piece of piecesFrom(join(this.#bundle, source.path), at)) {
        await waitUntil(() => result !== undefined || ahead.length < piecesAhead);
        if (result !== undefined || this.#isClosed || this.#context.signal.aborted)
          return result ?? { trouble: 'broken', why: '' };
        const seconds = (Date.now() - begun) / 1000;
        const { form, bytes } = await pieces.pack(piece, taken < 2 * pieceSize ? undefined : taken / seconds);
        peer.agent.send(`put ${sha256} ${at} ${bytes.length} ${form}`, bytes);
        ahead.push(bytes.length);
        at += piece.length;
        peer.bytes.operator += bytes.length;
      }
    peer.agent.send(`seal ${sha256}`);
    await waitUntil(() => result !== undefined);
    return result ?? { trouble: 'broken', why: '' };
  }

  /** From another host. */
  async #take(peer: Peer, to: string, file: SpreadFile, from: string): Promise<Result> {
    const source = this.#peers.get(from);
    if (source?.server === undefined || peer.client === undefined) return { trouble: 'unreachable', why: '' };
    await this.#admit(source, to, peer.client);
    const { sha256 } = file;
    const ratio = this.#pieces.get(sha256)?.ratio ?? 1;
    const form = ratio < shrinks && this.#wire !== undefined && this.#wire < slowWire ? 'gzip' : 'raw';
    const begun = Date.now();
    const at = peer.partial.get(sha256) ?? 0;
    const reply = this.#reply(peer);
    const size = file.source.kind === 'bundle' ? file.source.size : (this.#sizes.get(sha256) ?? 0);
    peer.agent.send(
      ['get', sha256, size, form, this.#spread.port, source.address, ...source.server].map(String).join(' '),
    );
    const { word, rest } = await reply;
    const result = resultOf({ word, rest });
    const now = word === 'lost' ? Number(rest[2] ?? at) : size;
    if (word !== 'wrong' && now > at) {
      peer.bytes.hosts += now - at;
      peer.partial.set(sha256, now);
    }
    if (result.trouble === undefined && form === 'raw' && now > at)
      this.#wire = (now - at) / Math.max(0.001, (Date.now() - begun) / 1000);
    return result;
  }

  /** Resolves once the server admits the client. */
  async #admit(server: Peer, host: string, [type, key]: PublicKey): Promise<void> {
    let known = server.admitted.get(host);
    if (known === undefined) {
      let resolve: () => void = () => undefined;
      const done = new Promise<void>((settle) => (resolve = settle));
      known = { done, resolve };
      server.admitted.set(host, known);
      server.agent.send(`admit ${type} ${key}`);
    }
    await Promise.race([known.done, server.agent.ended]);
  }

  /** What a host says next of its transfer; `lost` if it says nothing any more. */
  #reply(peer: Peer): Promise<Message> {
    return Promise.race([
      new Promise<Message>((resolve) => (peer.current = resolve)),
      peer.agent.ended.then((): Message => ({ word: 'lost', rest: [] })),
    ]);
  }

  #piecesOf(sha256: string): Pieces {
    const known = this.#pieces.get(sha256) ?? new Pieces();
    this.#pieces.set(sha256, known);
    return known;
  }

  #settle(host: string, sha256: string, has: boolean): void {
    this.#waits.get(`${host} ${sha256}`)?.resolve(has);
  }

  /** A host takes part no longer: its steps get their files by themselves. */
  #lose(host: string): void {
    this.#ledger.gone(host);
    this.#peers.delete(host);
    for (const sha256 of this.#files.keys()) this.#settle(host, sha256, false);
    this.#pump();
  }

  readonly #giveUp = (): void => {
    for (const { resolve } of this.#waits.values()) resolve(false);
  };

  #notice(host: string, what: string, why: string): void {
    this.#context.emit({
      type: 'notice',
      host,
      message: `${what}${why === '' ? '' : ` (${why})`}; this machine sends what is needed`,
    });
  }
}

interface Result {
  /** undefined: the host has the whole file. */
  readonly trouble?: Trouble;
  readonly why: string;
}

function resultOf({ word, rest }: Message): Result {
  if (word === 'have') return { why: '' };
  if (word === 'wrong') return { trouble: 'wrong', why: 'wrong SHA-256' };
  const [, at = '0', now = '0', status = '', ...why] = rest;
  const trouble =
    status === '64' || status === '65' ? 'wrong' : status === '255' && at === now ? 'unreachable' : 'broken';
  return { trouble, why: why.join(' ') };
}

function sizeOf(file: SpreadFile | undefined): number {
  return file?.source.kind === 'bundle' ? file.source.size : 0;
}

/** The keys of hosts are ECDSA: a FIPS mode knows no Ed25519. */
function isKey(type: string, key: string): boolean {
  return type === 'ecdsa-sha2-nistp256' && /^[A-Za-z0-9+/]+=*$/.test(key);
}

async function* piecesFrom(path: string, start: number): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(path, { start, highWaterMark: pieceSize }))
    yield chunk as Buffer;
}

function settled(): { promise: Promise<boolean>; resolve: (has: boolean) => void } {
  let resolve: (has: boolean) => void = () => undefined;
  const promise = new Promise<boolean>((settle) => (resolve = settle));
  return { promise, resolve };
}
