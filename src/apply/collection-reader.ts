import { setTimeout as sleep } from 'node:timers/promises';
import { getAt, type KubeClient } from '../kube/client.ts';
import { listAll } from '../kube/list.ts';
import { answeredBy, brief, nodeNamed, podNamed, podsOn, type Brief, type Question } from './questions.ts';

/** Objects in a list that cost an API server about as much as a request for one of them. */
const objectsPerRequest = 20;
/** More requests than this are more than any list. */
const fewRequests = 20;
/** The longest pause after a list, in milliseconds. */
const longestPauseMs = 1_000;

/** What one look of a gate reads: everything as it was after the look began. Rejects with KbootError E-KUBE-API. */
export interface Look {
  /** undefined if it does not exist. */
  node(name: string): Promise<Brief | undefined>;
  /** undefined if it does not exist. */
  pod(pod: { readonly namespace: string; readonly name: string }): Promise<Brief | undefined>;
  /** Pods of a namespace on these nodes. */
  podsOn(namespace: string | undefined, nodes: readonly string[]): Promise<readonly Brief[]>;
}

/**
 * Reads Nodes and Pods for gates that look at the same time: what one of them asked for, the others do not ask for again, and
 * many questions about a collection are answered by one list. An answer serves the looks that began before its request, and no
 * others, so that an old state never lets a gate pass; lists are consistent reads, without a resourceVersion.
 */
export class CollectionReader {
  readonly #collections = new Map<string, Collection>();
  readonly #hosts: number;

  /** `hosts`: how many the cluster has; about as many objects are expected in a collection that was not listed yet. */
  constructor(hosts: number) {
    this.#hosts = hosts;
  }

  /** Begins a look. */
  look(kube: KubeClient): Look {
    const since = performance.now();
    const read = (question: Question): Promise<readonly Brief[]> =>
      this.#collectionOf(question).read(kube, question, since);
    return {
      node: async (name) => (await read(nodeNamed(name)))[0],
      pod: async (pod) => (await read(podNamed(pod)))[0],
      podsOn: async (namespace, nodes) =>
        (await Promise.all([...new Set(nodes)].map((node) => read(podsOn(namespace, node))))).flat(),
    };
  }

  #collectionOf({ kind, all }: Question): Collection {
    const known = this.#collections.get(all) ?? new Collection(kind, all, this.#hosts);
    this.#collections.set(all, known);
    return known;
  }
}

type Answer = Promise<readonly Brief[]>;

/** Requests that were sent at one time. */
interface Round {
  readonly begun: number;
  /** Undefined for a question that they do not answer. */
  answer(question: Question): Answer | undefined;
}

/** Questions for the next requests. */
interface Queue {
  /** That of the last who asked: the connection of an earlier one may have been closed. */
  kube: KubeClient;
  readonly questions: Map<string, Question>;
  readonly round: Promise<Round>;
}

/** The objects of one kind, of a namespace if they are in one. */
class Collection {
  readonly #kind: Question['kind'];
  readonly #path: string;
  /** How many objects the last list had. */
  #size: number;
  #last: Round | undefined;
  #queue: Queue | undefined;
  /** When the next requests may be sent. */
  #rested = 0;

  constructor(kind: Question['kind'], path: string, size: number) {
    this.#kind = kind;
    this.#path = path;
    this.#size = size;
  }

  /** The answer to a question as it was after `since`, a time of `performance.now()`. */
  async read(kube: KubeClient, question: Question, since: number): Answer {
    const last = this.#last;
    const known = last !== undefined && last.begun >= since ? last.answer(question) : undefined;
    if (known !== undefined) return await known;
    const queue = (this.#queue ??= this.#newQueue(kube));
    queue.kube = kube;
    queue.questions.set(question.alone, question);
    return (await (await queue.round).answer(question)) ?? [];
  }

  /** Its requests are sent when all who look at this moment have asked, and the pause after the last list is over. */
  #newQueue(kube: KubeClient): Queue {
    const begin = async (): Promise<Round> => {
      await sleep(Math.max(0, this.#rested - performance.now()));
      this.#queue = undefined;
      const questions = [...queue.questions.values()];
      return isLess(this.#size, questions) ? this.#listed(queue.kube) : this.#asked(queue.kube, questions);
    };
    const queue: Queue = { kube, questions: new Map(), round: begin() };
    return queue;
  }

  /** One list. After a big one, or one of a slow API server, comes a pause that is as long. */
  #listed(kube: KubeClient): Round {
    const begun = performance.now();
    const index = this.#list(kube, this.#path).then((objects) => {
      const ended = performance.now();
      this.#rested = ended + Math.min(ended - begun, longestPauseMs);
      this.#size = objects.length;
      return indexOf(this.#path, objects);
    });
    return this.#begun([index], {
      begun,
      answer: async ({ alone }) => (await index).get(alone) ?? [],
    });
  }

  /** A request for each question. */
  #asked(kube: KubeClient, questions: readonly Question[]): Round {
    const begun = performance.now();
    const answers = new Map(
      questions.map((question) => [question.alone, this.#ask(kube, question)] as const),
    );
    return this.#begun([...answers.values()], { begun, answer: ({ alone }) => answers.get(alone) });
  }

  /** The last round from now on, unless a request of it fails: only those who wait for it get that error. */
  #begun(requests: readonly Promise<unknown>[], round: Round): Round {
    this.#last = round;
    Promise.all(requests).catch(() => {
      if (this.#last === round) this.#last = undefined;
    });
    return round;
  }

  async #ask(kube: KubeClient, { alone, isList }: Question): Answer {
    if (isList) return await this.#list(kube, alone);
    const object = await getAt(kube, alone, alone);
    return object === undefined ? [] : [brief(this.#kind, object)];
  }

  async #list(kube: KubeClient, path: string): Answer {
    return await listAll(kube, path, (object) => brief(this.#kind, object), { isCore: true });
  }
}

/**
 * Whether a list of a collection of this size costs less than its questions, each by itself. Of a few hundred objects, a list is
 * less than a few requests, each of which is a quorum read of etcd; of thousands, it is more. One question is asked by itself. The
 * Pods on a node count twice: to find them, an API server may read all Pods of the namespace from etcd.
 */
function isLess(size: number, questions: readonly Question[]): boolean {
  const requests = questions.reduce((sum, { isList }) => sum + (isList ? 2 : 1), 0);
  return questions.length > 1 && (requests > fewRequests || requests * objectsPerRequest >= size);
}

function indexOf(path: string, objects: readonly Brief[]): ReadonlyMap<string, readonly Brief[]> {
  const index = new Map<string, Brief[]>();
  for (const object of objects)
    for (const question of answeredBy(path, object)) {
      const known = index.get(question);
      if (known === undefined) index.set(question, [object]);
      else known.push(object);
    }
  return index;
}
