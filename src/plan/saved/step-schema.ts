import * as z from 'zod';
import { components } from '../../model/component.ts';
import { encryptableResources } from '../../model/encryption.ts';
import { resourceKinds } from '../../resource/kinds.ts';
import { described, digest, hex, map, namespace, node, shared, text, texts } from './described.ts';

const content = shared(
  'Content',
  z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('text'),
      text: text(
        'The whole text, with placeholders for public facts that are issued when the plan is applied.',
      ),
    }),
    z.strictObject({
      kind: z.literal('secret'),
      name: text('The secret in the state folder.'),
      digest: described('SHA-256 of the secret; null: issued when the plan is applied.', digest.nullable()),
    }),
  ]),
);

const artifact = shared(
  'Artifact',
  z.strictObject({
    title: text('Name and version.'),
    sha256: hex('SHA-256 of the file as published.'),
    source: described(
      'The source of the file.',
      z.discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('bundle'),
          path: text('Relative to the bundle.'),
          size: described('In bytes.', z.number()),
        }),
        z.strictObject({
          kind: z.literal('download'),
          url: text('Where the host downloads it from.'),
          once: described(
            'One host downloads it, and others take it from there.',
            z.literal(true),
          ).exactOptional(),
        }),
      ]),
    ),
  }),
);

const effect = shared(
  'Effect',
  z.strictObject({
    component: described('The component that is affected.', z.enum(components)),
    kind: described(
      'restart and stop interrupt it; reload does not; start: it was not running before.',
      z.enum(['start', 'reload', 'restart', 'stop']),
    ),
  }),
);

const apiVersion = text('Its API version.');
const kind = text('Its kind.');
const labels = map('Its labels.');
const annotations = map('Its annotations.');

export const objectRef = shared(
  'ObjectRef',
  z.strictObject({
    apiVersion,
    kind,
    metadata: described(
      'Its name, and its namespace if it has one.',
      z.strictObject({ name: text('Its name.'), namespace: namespace.exactOptional() }),
    ),
  }),
);

const target = shared(
  'Target',
  z.union([
    z.strictObject({
      kind: described(
        'A resource of a host by its kind, or another target.',
        z.enum([
          ...resourceKinds,
          ...([
            'node',
            'etcd-member',
            'certificates',
            'snapshot',
            'leftover',
            'former',
            'stored',
            'accounts',
          ] as const),
        ]),
      ),
      name: text('Its name, unique among the targets of its kind on its host.'),
    }),
    z.strictObject({
      kind: z.literal('object'),
      ref: described('Identifies an object of the API.', objectRef),
    }),
  ]),
);

const step = {
  id: text('Unique in this plan; events and run logs refer to steps by it.'),
  verb: described('What happens to the target.', z.enum(['create', 'update', 'restart', 'delete', 'run'])),
  target: described('What the step changes.', target),
  reason: text('Why, or the new state. For display only.'),
  effects: described('Effects on running components; empty if there are none.', z.array(effect)),
  timeoutSeconds: described('Seconds after which the step fails.', z.number()),
};

const taint = shared(
  'Taint',
  z.strictObject({
    key: text('Its key.'),
    value: text('Its value.').exactOptional(),
    effect: text('NoSchedule, PreferNoSchedule or NoExecute.'),
  }),
);

const shellStep = shared(
  'ShellStep',
  z.strictObject({
    ...step,
    type: z.literal('shell'),
    script: text(
      'POSIX shell, run as root on top of the functions of src/resource/prelude.ts; holds no secret.',
    ),
    payload: described(
      'Bytes that are sent to a path before the script runs.',
      z.strictObject({
        path: text('Path on the host.'),
        content: described(
          'The source of the bytes.',
          z.union([
            content,
            z.strictObject({
              kind: z.literal('artifact'),
              artifact: described('A file of a release.', artifact),
            }),
            z.strictObject({
              kind: z.literal('snapshot'),
              file: described(
                'A snapshot of etcd on the machine that runs kboot; null: the one that this plan takes.',
                z.string().nullable(),
              ),
              digest: described('SHA-256 of it; null: not taken yet.', z.string().nullable()),
            }),
          ]),
        ),
      }),
    ).exactOptional(),
    diff: text('Unified diff of a text. For display only.').exactOptional(),
    command: text("A hook's own shell. For display only.").exactOptional(),
    unless: text(
      'The shell that tells that a hook is not needed; the script asks it first. For display only.',
    ).exactOptional(),
    disturbs: texts('Processes whose files this changes; they restart in a later step.').exactOptional(),
    expects: described(
      'The step fails if this file has changed since it was observed.',
      z.strictObject({
        path: text('Path on the host.'),
        digest: text('SHA-256 of the file; absent: it must not exist.'),
      }),
    ).exactOptional(),
  }),
);

const peerURL = text("The member's peer URL.");

const etcdStep = shared(
  'EtcdStep',
  z.strictObject({
    ...step,
    type: z.literal('etcd'),
    operation: described(
      "An operation through etcd's API, by the machine that runs kboot.",
      z.discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('snapshot'),
          before: text('The Kubernetes version that the cluster goes to.').exactOptional(),
          from: text('The member that it is taken from, with or without a quorum.').exactOptional(),
        }),
        z.strictObject({ kind: z.literal('remove'), memberId: text('In hexadecimal digits.') }),
        z.strictObject({ kind: z.literal('add-learner'), peerURL }),
        z.strictObject({ kind: z.literal('promote'), peerURL }),
        z.strictObject({ kind: z.literal('withdraw'), peerURL }),
      ]),
    ),
  }),
);

const object = shared(
  'Object',
  z.looseObject({
    apiVersion,
    kind,
    metadata: described(
      'In the API.',
      z.looseObject({
        name: text('Its name.'),
        namespace: namespace.exactOptional(),
        labels: labels.exactOptional(),
        annotations: annotations.exactOptional(),
      }),
    ),
  }),
);

const applyStep = shared(
  'ApplyStep',
  z.strictObject({
    ...step,
    type: z.literal('apply'),
    object: described(
      'Applied by server-side apply as field manager kboot; a Secret of an add-on is without its data here.',
      object,
    ),
    addon: text('The add-on that it belongs to.').exactOptional(),
    data: described(
      'The data of a Secret, which only the machine that runs kboot has.',
      z.strictObject({ name: text('Its name.'), sha256: hex('SHA-256 of it as JSON.') }),
    ).exactOptional(),
    diff: text('Unified diff of the live object. For display only.').exactOptional(),
    replaces: described(
      'The live object is deleted first: the API refuses to change it.',
      z.literal(true),
    ).exactOptional(),
    keeps: described(
      'Kept of a live object that was not read for the plan.',
      z.array(
        z.discriminatedUnion('field', [
          z.strictObject({ field: z.literal('replicas') }),
          z.strictObject({ field: z.literal('readinessPeriod') }),
          z.strictObject({
            field: z.literal('Corefile'),
            plain: text('The Corefile without any setting.'),
          }),
        ]),
      ),
    ).exactOptional(),
  }),
);

const deleteStep = shared(
  'DeleteStep',
  z.strictObject({
    ...step,
    type: z.literal('delete'),
    object: described('Identifies the object that is deleted.', objectRef),
    addon: text('The add-on that it belonged to.').exactOptional(),
  }),
);

const drainPolicy = described(
  'How a drain is done.',
  z.strictObject({
    timeoutSeconds: described('Seconds after which the drain fails.', z.number()),
    deleteEmptyDirData: described('Whether Pods with an emptyDir volume are evicted.', z.boolean()),
    force: described('Whether Pods without a controller are evicted.', z.boolean()),
    gracePeriodSeconds: described(
      "Seconds, in place of the Pods' own grace periods.",
      z.number(),
    ).exactOptional(),
    leaves: described(
      'What becomes of the Node if the drain does not end: it stays cordoned, or it is uncordoned, unless somebody else had cordoned it.',
      z.enum(['cordoned', 'serving']),
    ),
  }),
);

const nodeStep = shared(
  'NodeStep',
  z.strictObject({
    ...step,
    type: z.literal('node'),
    node,
    operation: described(
      'mark sets labels, annotations and taints; drain cordons the Node and evicts its Pods.',
      z.discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('mark'),
          annotations,
          labels: described('Labels to set; null: removed.', z.record(z.string(), z.string().nullable())),
          taints: described('Taints to set.', z.array(taint)),
        }),
        z.strictObject({ kind: z.literal('cordon') }),
        z.strictObject({ kind: z.literal('uncordon') }),
        z.strictObject({ kind: z.literal('restart-flannel') }),
        z.strictObject({ kind: z.literal('drain'), policy: drainPolicy }),
        z.strictObject({ kind: z.literal('delete') }),
      ]),
    ),
  }),
);

const issueStep = shared(
  'IssueStep',
  z.strictObject({
    ...step,
    type: z.literal('issue'),
    certificates: texts('Certificates and keys to issue, by their paths in the state folder.'),
  }),
);

const hookStep = shared(
  'HookStep',
  z.strictObject({
    ...step,
    type: z.literal('hook'),
    command: text("POSIX shell, run on the operator's machine as the user who runs kboot."),
    unless: text('POSIX shell that is run first; if it succeeds, the command is not run.').exactOptional(),
  }),
);

const rewriteStep = shared(
  'RewriteStep',
  z.strictObject({
    ...step,
    type: z.literal('rewrite'),
    resource: described(
      'Every object of this resource is written once more, unchanged.',
      z.enum(encryptableResources),
    ),
  }),
);

const accountsStep = shared('AccountsStep', z.strictObject({ ...step, type: z.literal('accounts') }));

const patchStep = shared(
  'PatchStep',
  z.strictObject({
    ...step,
    type: z.literal('patch'),
    object: described('The object.', objectRef),
    patch: described('JSON merge patch (RFC 7386).', z.record(z.string(), z.json())),
  }),
);

/** One step of a plan. */
export const stepSchema = shared(
  'Step',
  z.discriminatedUnion('type', [
    shellStep,
    etcdStep,
    applyStep,
    deleteStep,
    nodeStep,
    issueStep,
    hookStep,
    rewriteStep,
    accountsStep,
    patchStep,
  ]),
);
