import * as z from 'zod';
import { stages } from '../../model/stage.ts';

const described = <S extends z.ZodType>(description: string, schema: S): S => schema.meta({ description });
const text = (description: string): z.ZodString => described(description, z.string());
const texts = (description: string): z.ZodArray<z.ZodString> => described(description, z.array(z.string()));
const map = (description: string): z.ZodRecord<z.ZodString, z.ZodString> =>
  described(description, z.record(z.string(), z.string()));
const seconds = described('Seconds after which the step is given up.', z.number());
const hex = (description: string): z.ZodString => text(description).regex(/^[0-9a-f]{64}$/);

const content = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('text'),
    text: text(
      'The whole text; placeholders stand for public facts that are issued when the plan is applied.',
    ),
  }),
  z.strictObject({
    kind: z.literal('secret'),
    name: text('The secret in the state folder.'),
    digest: hex('SHA-256 of the secret; null: issued when the plan is applied.').nullable(),
  }),
]);

const artifact = z.strictObject({
  title: text('Name and version.'),
  sha256: hex('SHA-256 of the file as published.'),
  source: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('bundle'), path: text('Below the bundle.'), size: z.number() }),
    z.strictObject({ kind: z.literal('download'), url: text('Where the host fetches it.') }),
  ]),
});

const step = {
  id: text('Unique in this plan; events and run logs name steps by it.'),
  stage: described('The stage that the step belongs to.', z.enum(stages)),
  resource: text('Kind and name of what is changed.'),
  reason: text('Why, or what it becomes.'),
};

const hostStep = z.strictObject({
  ...step,
  type: z.literal('host'),
  host: text('Where the script runs.'),
  verb: z.enum(['create', 'update', 'restart', 'delete', 'run']),
  script: text(
    'POSIX shell, run as root on top of the functions of src/resource/prelude.ts; holds no secret.',
  ),
  payload: described(
    'Bytes that the script finds at a path.',
    z.strictObject({
      path: z.string(),
      content: z.union([content, z.strictObject({ kind: z.literal('artifact'), artifact })]),
    }),
  ).exactOptional(),
  diff: text('Unified diff of a text.').exactOptional(),
  command: text("A hook's own shell.").exactOptional(),
  disturbs: texts('Processes whose files this changes.').exactOptional(),
  timeoutSeconds: seconds,
});

const etcdStep = z.strictObject({
  ...step,
  type: z.literal('etcd'),
  host: text("The member's host."),
  verb: z.enum(['create', 'update', 'delete']),
  operation: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('snapshot') }),
    z.strictObject({ kind: z.literal('remove'), memberId: z.string() }),
    z.strictObject({ kind: z.literal('add-learner'), peerURL: z.string() }),
    z.strictObject({ kind: z.literal('promote'), peerURL: z.string() }),
  ]),
  timeoutSeconds: seconds,
});

const operatorStep = z.strictObject({
  ...step,
  type: z.literal('operator'),
  when: z.enum(['before', 'after']),
  verb: z.literal('run'),
  command: text('POSIX shell, as the user of kboot.'),
  timeoutSeconds: seconds,
});

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().exactOptional(),
    labels: z.record(z.string(), z.string()).exactOptional(),
    annotations: z.record(z.string(), z.string()).exactOptional(),
  }),
});

const taint = z.strictObject({ key: z.string(), value: z.string().exactOptional(), effect: z.string() });

const condition = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('etcd-member'), host: z.string() }),
  z.strictObject({ kind: z.literal('api'), host: z.string().exactOptional() }),
  z.strictObject({
    kind: z.literal('load-balancer'),
    host: z.string(),
    address: z.string(),
    port: z.number(),
  }),
  z.strictObject({ kind: z.literal('kubelet'), host: z.string(), port: z.number() }),
  z.strictObject({ kind: z.literal('endpoint'), address: z.string(), port: z.number() }),
  z.strictObject({
    kind: z.literal('pod-ready'),
    host: z.string(),
    namespace: z.string(),
    name: z.string(),
    former: text('ID of the container that this plan replaces.').exactOptional(),
  }),
  z.strictObject({ kind: z.literal('node-registered'), node: z.string() }),
  z.strictObject({ kind: z.literal('node-ready'), node: z.string() }),
  z.strictObject({
    kind: z.literal('workload-ready'),
    workload: z.enum(['DaemonSet', 'Deployment']),
    namespace: z.string(),
    name: z.string(),
    nodes: texts('Nodes whose Pod of the DaemonSet must be Ready.').exactOptional(),
  }),
]);

const nodeRemoval = z.strictObject({
  ...step,
  type: z.literal('remove-node'),
  verb: z.literal('delete'),
  node: z.string(),
  drain: described(
    'First cordons it and evicts its Pods.',
    z.strictObject({ timeoutSeconds: seconds }),
  ).exactOptional(),
});

const wait = z.strictObject({
  ...step,
  type: z.literal('wait'),
  verb: z.literal('wait'),
  condition: described('What is looked at until it holds.', condition),
  timeoutSeconds: seconds,
});

const clusterStep = z.discriminatedUnion('type', [
  z.strictObject({
    ...step,
    type: z.literal('object'),
    verb: z.enum(['create', 'update']),
    object: described('Applied by server-side apply as field manager kboot.', object),
  }),
  z.strictObject({
    ...step,
    type: z.literal('node'),
    verb: z.literal('update'),
    node: z.string(),
    annotations: z.record(z.string(), z.string()),
    labels: described('null: taken away.', z.record(z.string(), z.string().nullable())),
    taints: z.array(taint),
  }),
  nodeRemoval,
  z.strictObject({
    ...step,
    type: z.literal('remove-object'),
    verb: z.literal('delete'),
    object: described('Which object goes.', object.pick({ apiVersion: true, kind: true, metadata: true })),
  }),
  wait,
]);

/** A plan, as it stands in a saved plan and in an event. */
export const planSchema = z.strictObject({
  apiVersion: z.literal('kboot.dev/v1'),
  kind: z.literal('Plan'),
  cluster: text('Name of the cluster.'),
  kubernetesVersion: z.string(),
  endpoint: text('URL of the API.'),
  basis: described(
    'offline: made without asking a host; such a plan is for reading and cannot be applied.',
    z.enum(['live', 'offline']),
  ),
  issue: texts('Certificates and keys to issue into the state folder first.'),
  hosts: described(
    'Hosts that the plan is about.',
    z.array(
      z.strictObject({
        name: z.string(),
        roles: z.array(z.string()),
        state: z.enum(['probed', 'assumed', 'unreachable']),
        resources: described('How many resources were compared.', z.number()),
      }),
    ),
  ),
  membership: described(
    'What comes before anything else, one after another: load balancers hear of one that joins them, a snapshot of etcd, members and Nodes go.',
    z.array(z.discriminatedUnion('type', [hostStep, etcdStep, nodeRemoval])),
  ),
  roll: described(
    'Hosts that go one after another, in order; the others go side by side.',
    z.array(
      z.strictObject({
        host: z.string(),
        from: described('The stage that it begins when its turn has come.', z.enum(stages)),
        waits: described('What must hold before the next begins.', z.array(wait)),
      }),
    ),
  ),
  hostSteps: described(
    "Steps on hosts; each host's run in this order.",
    z.array(z.discriminatedUnion('type', [hostStep, etcdStep])),
  ),
  clusterSteps: described('Steps through the API, in order.', z.array(clusterStep)),
  operatorSteps: described(
    "Hooks on the operator's machine: before a stage, or after it.",
    z.array(operatorStep),
  ),
  checked: described('Resources and objects that were compared.', z.number()),
  warnings: texts('What the reader should know.'),
});

const basis = z.strictObject({
  kboot: text('Version of kboot that made the plan.'),
  catalog: hex('SHA-256 of the versions and sums that this kboot knows for the Kubernetes version.'),
  inventory: map('Fields of the inventory as they were understood, defaults filled in, as JSON.'),
  templates: map('SHA-256 of every template.'),
  bundle: map('SHA-256 of every file of the bundle; empty without one.'),
  state: map('Cluster ID and certificates of the state folder.'),
  hosts: described(
    'Facts and resources of each host as they were read, digests in place of contents; null: not read.',
    z.record(z.string(), z.record(z.string(), z.string()).nullable()),
  ),
  etcd: map('Members of etcd.'),
  api: map('Objects of the API: UID, and SHA-256 without status and bookkeeping.'),
});

/** A saved plan, strictly: what a reader of the file may rely on. */
export const savedPlanSchema = z
  .strictObject({
    apiVersion: described('Version of this format.', z.literal('kboot.dev/v1')),
    kind: described('Always SavedPlan.', z.literal('SavedPlan')),
    digest: hex('SHA-256 of the whole document without this member, as compact JSON.'),
    made: text('When, in UTC.'),
    scope: described(
      'What the plan was limited to.',
      z.strictObject({
        until: described('Last stage.', z.enum(stages)),
        limit: texts('Hosts; empty: all.'),
        ignore: texts('Preflight checks that were passed over.'),
        renewCerts: described('Certificates of these hosts are issued anew.', z.boolean()).exactOptional(),
      }),
    ),
    basis: described('What the plan was made from: it is applied only while all of it is so.', basis),
    plan: described('What will happen.', planSchema),
  })
  .meta({
    title: 'kboot saved plan',
    description: 'What `kboot plan --out` writes and `kboot up --plan` applies. It holds no secret.',
  });

/** The JSON Schema (draft 2020-12) of a saved plan. */
export function savedPlanJsonSchema(): object {
  return z.toJSONSchema(savedPlanSchema, { target: 'draft-2020-12', io: 'input' });
}
