/** What every MariaDB server under measurement is told, so that none has an edge. */

export const SERVER_SETTINGS: Readonly<Record<string, string>> = {
  "innodb-buffer-pool-size": "256M",
  // Large enough that no checkpoint is forced while it is measured.
  "innodb-log-file-size": "512M",
};

/** A commit is on disk when it is acknowledged. */
export const DURABLE: Readonly<Record<string, string>> = {
  ...SERVER_SETTINGS,
  "innodb-flush-log-at-trx-commit": "1",
};

/** Where something else makes an acknowledged commit durable: a log that was synced before. */
export const RELAXED: Readonly<Record<string, string>> = {
  ...SERVER_SETTINGS,
  "innodb-flush-log-at-trx-commit": "2",
};
