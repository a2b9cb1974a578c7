import { describe, expect, it } from 'vitest';
import type { ApplyEvent } from '../../src/apply/events.ts';
import type { FetchEvent } from '../../src/fetch/events.ts';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import type { CertificateReport } from '../../src/model/certificates.ts';
import type { ClusterStatus } from '../../src/model/status.ts';
import type { Finding } from '../../src/plan/preflight/finding.ts';
import type { Gate, Step } from '../../src/plan/types.ts';
import type { BundleIndex } from '../../src/store/bundle.ts';
import type { CheckResult } from '../../src/verify/types.ts';
import { eventJsonSchema, type KbootEvent } from '../../src/view/event-schema.ts';
import { checkEvents } from '../events.ts';
import { plan } from '../samples/plan.ts';
import { expectSchemaFile } from '../schema-file.ts';
import type { IsSame } from '../whole.ts';

interface Described {
  readonly description?: string;
}
interface EventShape extends Described {
  readonly properties: Readonly<Record<string, Described>>;
}

const { anyOf: shapes } = eventJsonSchema() as { readonly anyOf: readonly EventShape[] };
const checking = (event: object) => (): void => {
  checkEvents([JSON.stringify(event)]);
};

/** Fields of an event besides its type. */
type Fields<T extends KbootEvent['type']> = Omit<Extract<KbootEvent, { type: T }>, 'type'>;
/** As in events: the step by its id. */
type Told<E> = E extends { readonly step: Step | Gate } ? Omit<E, 'step'> & { readonly step: string } : E;

describe('events.schema.json', () => {
  it('has the types of the code', () => {
    // If this does not compile, src/view/event-schema.ts differs from the named type.
    const same: readonly [
      IsSame<Told<ApplyEvent>, Extract<KbootEvent, { at: number }>>,
      IsSame<Exclude<FetchEvent, { type: 'bytes' }>, Extract<KbootEvent, { path: string }>>,
      IsSame<ClusterStatus, Fields<'status'>>,
      IsSame<CertificateReport, Omit<Fields<'certificates'>, 'unreachable'>>,
      IsSame<CheckResult, Fields<'check'>>,
      IsSame<BundleIndex, Omit<Fields<'bundle'>, 'directory' | 'origins' | 'signedBy'>>,
      IsSame<Omit<Finding, 'check' | 'remedyText'>, Omit<Fields<'finding'>, 'check'>>,
      IsSame<Diagnostic, Fields<'valid'>['warnings'][number]>,
    ] = [true, true, true, true, true, true, true, true];
    expect(same).not.toContain(false);
  });

  it('is generated from the schema in the code', async () => {
    await expectSchemaFile('events.schema.json', eventJsonSchema());
  });

  it('describes every event and every field', () => {
    for (const { description, properties } of shapes) {
      expect(description).toMatch(/\.$/);
      for (const [name, field] of Object.entries(properties))
        if (name !== 'type') expect(field, name).toHaveProperty('description');
    }
  });
});

describe('the check of events in tests', () => {
  const summary = { type: 'summary', changes: 0, unreachable: [], seconds: 1 };

  it('accepts events of the schema', () => {
    expect(checking({ type: 'plan', plan: plan() })).not.toThrow();
    expect(checking(summary)).not.toThrow();
  });

  it.each([
    ['an unknown type', { type: 'surprise' }, /no event of type surprise/],
    ['an unknown field', { ...summary, more: 1 }, /summary: .*Unrecognized key: "more"/s],
    ['a missing field', { type: 'saved', file: 'p.json' }, /saved: .*digest/s],
    ['an unknown field of a step', { type: 'plan', plan: { ...plan(), more: 1 } }, /plan: .*"more"/s],
  ])('refuses %s', (_what, event, message) => {
    expect(checking(event)).toThrow(message);
  });

  it('refuses text', () => {
    expect(() => {
      checkEvents(['valid: test, 2 hosts']);
    }).toThrow('is not JSON: valid: test, 2 hosts');
  });
});
