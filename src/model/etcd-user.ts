/** The user that etcd runs as with spec.security.etcdUser: etcd. */
export const etcdUserName = 'etcd';

/**
 * The ID of that user and its group where kboot creates it: the same on every host, above those that distributions give to
 * their own services.
 */
export const newEtcdId = 2379;
