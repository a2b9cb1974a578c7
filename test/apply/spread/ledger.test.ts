import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger, sentAtOnce, servedAtOnce, type Transfer } from '../../../src/apply/spread/ledger.ts';

interface World {
  readonly hosts: number;
  readonly files: number;
  readonly lame: readonly number[];
  readonly deaths: readonly { readonly at: number; readonly host: number }[];
  readonly breaks: readonly number[];
  readonly order: readonly number[];
}

const world: fc.Arbitrary<World> = fc.record({
  hosts: fc.integer({ min: 1, max: 12 }),
  files: fc.integer({ min: 1, max: 6 }),
  lame: fc.array(fc.nat(11), { maxLength: 4 }),
  deaths: fc.array(fc.record({ at: fc.nat(60), host: fc.nat(11) }), { maxLength: 3 }),
  breaks: fc.array(fc.nat(80), { maxLength: 6 }),
  order: fc.array(fc.nat(1000), { minLength: 1, maxLength: 50 }),
});

/** Runs a spread to its end, in a random order of events. */
function run({ hosts, files, lame, deaths, breaks, order }: World): {
  readonly got: readonly Transfer[];
  readonly sent: number;
  readonly fallbacks: number;
  readonly alive: ReadonlySet<string>;
  readonly shas: readonly string[];
  readonly ledger: Ledger;
} {
  const names = Array.from({ length: hosts }, (_, index) => `h${index}`);
  const shas = Array.from({ length: files }, (_, index) => `f${index}`);
  const ledger = new Ledger(new Map(names.map((name) => [name, shas])));
  const isLame = (name: string): boolean => lame.some((index) => `h${index}` === name);
  for (const name of names) ledger.ready(name, { serves: !isLame(name), takes: true, holds: [] });
  const alive = new Set(names);
  const running: Transfer[] = [];
  const got: Transfer[] = [];
  let [sent, fallbacks] = [0, 0];
  const begin = (): void => {
    for (const transfer of ledger.next()) {
      if (transfer.from === null) sent++;
      running.push(transfer);
    }
    const serving = new Map<string | null, number>();
    for (const { from } of running) serving.set(from, (serving.get(from) ?? 0) + 1);
    for (const [from, count] of serving)
      expect(count).toBeLessThanOrEqual(from === null ? sentAtOnce : servedAtOnce);
    expect(new Set(running.map(({ to }) => to)).size).toBe(running.length);
  };
  begin();
  for (let turn = 0; running.length > 0; turn++) {
    expect(turn).toBeLessThan(2000);
    for (const { at, host } of deaths)
      if (at === turn && alive.delete(`h${host}`)) {
        ledger.gone(`h${host}`);
        fallbacks += files;
        const lost = running.filter(({ to }) => to === `h${host}`);
        for (const each of lost) running.splice(running.indexOf(each), 1);
      }
    const [transfer] = running.splice((order[turn % order.length] ?? 0) % Math.max(1, running.length), 1);
    if (transfer !== undefined) {
      const isBroken = breaks.includes(turn) || (transfer.from !== null && !alive.has(transfer.from));
      if (isBroken) {
        fallbacks++;
        ledger.failed(transfer, 'broken');
      } else {
        // Only what a host has can come from it.
        if (transfer.from !== null)
          expect(got.some(({ to, sha256 }) => to === transfer.from && sha256 === transfer.sha256)).toBe(true);
        got.push(transfer);
        ledger.done(transfer);
      }
    }
    begin();
  }
  return { got, sent, fallbacks, alive, shas, ledger };
}

describe('the ledger of a spread', () => {
  it('gets every file to every host that lives once, and each file leaves this machine once', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { got, sent, fallbacks, alive, shas, ledger } = run(given);
        for (const host of alive)
          for (const sha256 of shas)
            expect(got.filter((each) => each.to === host && each.sha256 === sha256)).toHaveLength(1);
        expect(ledger.isComplete()).toBe(true);
        const canServe = Array.from({ length: given.hosts }, (_, index) => index).some(
          (index) => !given.lame.includes(index),
        );
        if (canServe) expect(sent).toBeLessThanOrEqual(shas.length + fallbacks);
      }),
      { numRuns: 300 },
    );
    // A second on a free machine.
  }, 60_000);

  it('gives a host that reaches no other its files from this machine', () => {
    const shas = ['f1', 'f2', 'f3'];
    const ledger = new Ledger(new Map(['a', 'b', 'c'].map((name) => [name, shas])));
    for (const name of ['a', 'b', 'c']) ledger.ready(name, { serves: true, takes: true, holds: [] });
    const notices: string[] = [];
    const sources: (string | null)[] = [];
    for (let running = ledger.next(); running.length > 0; running = [...running, ...ledger.next()]) {
      const [transfer, ...rest] = running;
      running = rest;
      if (transfer === undefined) break;
      if (transfer.to === 'c' && transfer.from !== null) {
        if (ledger.failed(transfer, 'unreachable').direct === true) notices.push('c');
      } else {
        if (transfer.to === 'c') sources.push(transfer.from);
        ledger.done(transfer);
      }
    }
    expect(notices).toEqual(['c']);
    expect(sources).toEqual([null, null, null]);
    expect(ledger.isComplete()).toBe(true);
  });

  it('takes nothing from this machine that a host has already', () => {
    const ledger = new Ledger(new Map(['a', 'b'].map((name) => [name, ['f1']])));
    ledger.ready('a', { serves: true, takes: true, holds: ['f1'] });
    ledger.ready('b', { serves: true, takes: true, holds: [] });
    expect(ledger.next()).toEqual([{ sha256: 'f1', to: 'b', from: 'a' }]);
  });

  it('leaves a file that keeps failing to the step that needs it', () => {
    const ledger = new Ledger(new Map([['a', ['f1']]]));
    ledger.ready('a', { serves: false, takes: false, holds: [] });
    let ends = 0;
    for (let [transfer] = ledger.next(); transfer !== undefined; [transfer] = ledger.next())
      if (ledger.failed(transfer, 'broken').givenUp === true) ends++;
    expect(ends).toBe(1);
    expect(ledger.isComplete()).toBe(true);
  });
});
