-- The catalog of a minisql cluster: the long-term record that its masters keep.
--
-- The active master makes these tables by itself where they are missing. To make them by hand, for
-- example because the master's account may not create tables:
--
--   mysql -e "CREATE DATABASE IF NOT EXISTS minisql CHARACTER SET utf8mb4"
--   mysql minisql < init.sql
--   mysql -e "CREATE USER 'minisql'@'%' IDENTIFIED BY 'a password of your own'"
--   mysql -e "GRANT SELECT, INSERT, UPDATE, DELETE ON minisql.* TO 'minisql'@'%'"
--
-- Running it again changes nothing. It is for MySQL 8 and for MariaDB 10.6 or later.
--
-- Moments are kept twice. A column ending in _ms holds milliseconds since 1970 exactly as the master
-- wrote them; the column beside it shows the same moment in UTC for people, is computed, and cannot
-- be written. Columns said to be JSON hold it as text. Names compare byte for byte.
--
-- The tables may be read at any time. Change them only while no master runs: an active master works
-- from its memory, and writes over what it finds here. A row that does not make sense is reported by
-- the next master and otherwise left alone.

-- The region servers, one row each. A server keeps its rid for life.
CREATE TABLE IF NOT EXISTS `region_info` (
  `rid` BIGINT UNSIGNED NOT NULL COMMENT 'the number that the master gave the server',
  `identity` VARCHAR(32) NOT NULL COMMENT 'what the server calls itself, kept in its data folder',
  `host` VARCHAR(255) NOT NULL,
  `port` INT UNSIGNED NOT NULL,
  `zone` VARCHAR(64) NOT NULL COMMENT 'replicas are spread over zones',
  `engine` LONGTEXT NOT NULL COMMENT 'JSON: vendor, version and settings of its database',
  `status` VARCHAR(16) NOT NULL COMMENT 'online, draining or offline',
  `load` LONGTEXT NOT NULL COMMENT 'JSON: what it did between its last two heartbeats',
  `create_time_ms` DOUBLE NOT NULL,
  `create_time` DATETIME(3) GENERATED ALWAYS AS (
    IF(`create_time_ms` BETWEEN 0 AND 253402300799999,
      CAST('1970-01-01' AS DATETIME(6)) + INTERVAL (`create_time_ms` * 1000) MICROSECOND, NULL)
  ) VIRTUAL COMMENT 'when it first registered',
  `last_seen_ms` DOUBLE NOT NULL,
  `last_seen` DATETIME(3) GENERATED ALWAYS AS (
    IF(`last_seen_ms` BETWEEN 0 AND 253402300799999,
      CAST('1970-01-01' AS DATETIME(6)) + INTERVAL (`last_seen_ms` * 1000) MICROSECOND, NULL)
  ) VIRTUAL COMMENT 'its last heartbeat, as far as recorded',
  PRIMARY KEY (`rid`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  COMMENT='minisql: region servers';

-- The tables of the cluster, each in one region. Tables tied by foreign keys share a region.
CREATE TABLE IF NOT EXISTS `tables` (
  `name` VARCHAR(64) NOT NULL,
  `region` VARCHAR(64) NOT NULL COMMENT 'the replica set that keeps it',
  `ddl` LONGTEXT NOT NULL COMMENT 'the statement that makes it as it is now',
  `state` VARCHAR(16) NOT NULL COMMENT 'creating, ready or dropping',
  `create_time_ms` DOUBLE NOT NULL,
  `create_time` DATETIME(3) GENERATED ALWAYS AS (
    IF(`create_time_ms` BETWEEN 0 AND 253402300799999,
      CAST('1970-01-01' AS DATETIME(6)) + INTERVAL (`create_time_ms` * 1000) MICROSECOND, NULL)
  ) VIRTUAL,
  PRIMARY KEY (`name`),
  KEY `region` (`region`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  COMMENT='minisql: tables';

-- Which servers keep which region. Which of them is primary is in the coordination service.
CREATE TABLE IF NOT EXISTS `placements` (
  `region` VARCHAR(64) NOT NULL,
  `rid` BIGINT UNSIGNED NOT NULL COMMENT 'a server of region_info',
  `since_ms` DOUBLE NOT NULL,
  `since` DATETIME(3) GENERATED ALWAYS AS (
    IF(`since_ms` BETWEEN 0 AND 253402300799999,
      CAST('1970-01-01' AS DATETIME(6)) + INTERVAL (`since_ms` * 1000) MICROSECOND, NULL)
  ) VIRTUAL,
  PRIMARY KEY (`region`, `rid`),
  KEY `rid` (`rid`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  COMMENT='minisql: replicas';

-- Long operations. The next master goes on with those that run.
CREATE TABLE IF NOT EXISTS `jobs` (
  `id` VARCHAR(64) NOT NULL,
  `kind` VARCHAR(32) NOT NULL,
  `state` VARCHAR(16) NOT NULL COMMENT 'running, done, failed or cancelled',
  `subject` VARCHAR(256) NOT NULL COMMENT 'the table, region or server worked on',
  `request` LONGTEXT NOT NULL COMMENT 'JSON: what was asked',
  `progress` LONGTEXT NOT NULL COMMENT 'JSON: how far it is',
  `error` LONGTEXT NULL COMMENT 'JSON: why it failed',
  `create_time_ms` DOUBLE NOT NULL,
  `create_time` DATETIME(3) GENERATED ALWAYS AS (
    IF(`create_time_ms` BETWEEN 0 AND 253402300799999,
      CAST('1970-01-01' AS DATETIME(6)) + INTERVAL (`create_time_ms` * 1000) MICROSECOND, NULL)
  ) VIRTUAL,
  `update_time_ms` DOUBLE NOT NULL,
  `update_time` DATETIME(3) GENERATED ALWAYS AS (
    IF(`update_time_ms` BETWEEN 0 AND 253402300799999,
      CAST('1970-01-01' AS DATETIME(6)) + INTERVAL (`update_time_ms` * 1000) MICROSECOND, NULL)
  ) VIRTUAL,
  PRIMARY KEY (`id`),
  KEY `state` (`state`, `update_time_ms`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  COMMENT='minisql: long operations';

-- What happened in the cluster, in order. Old events are removed by the master.
CREATE TABLE IF NOT EXISTS `events` (
  `id` BIGINT UNSIGNED NOT NULL COMMENT 'rises by one with each event',
  `at_ms` DOUBLE NOT NULL,
  `at` DATETIME(3) GENERATED ALWAYS AS (
    IF(`at_ms` BETWEEN 0 AND 253402300799999,
      CAST('1970-01-01' AS DATETIME(6)) + INTERVAL (`at_ms` * 1000) MICROSECOND, NULL)
  ) VIRTUAL,
  `event` VARCHAR(64) NOT NULL COMMENT 'what happened: server.joined, region.failover, ...',
  `details` LONGTEXT NOT NULL COMMENT 'JSON: to whom, how and why',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  COMMENT='minisql: history';

-- Who may connect to the cluster. These are not accounts of any MySQL server.
CREATE TABLE IF NOT EXISTS `users` (
  `name` VARCHAR(80) NOT NULL,
  `secret` VARCHAR(512) NOT NULL COMMENT 'salted hash of the password',
  `create_time_ms` DOUBLE NOT NULL,
  `create_time` DATETIME(3) GENERATED ALWAYS AS (
    IF(`create_time_ms` BETWEEN 0 AND 253402300799999,
      CAST('1970-01-01' AS DATETIME(6)) + INTERVAL (`create_time_ms` * 1000) MICROSECOND, NULL)
  ) VIRTUAL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  COMMENT='minisql: users';

-- What they may do.
CREATE TABLE IF NOT EXISTS `grants` (
  `user` VARCHAR(80) NOT NULL,
  `privilege` VARCHAR(16) NOT NULL COMMENT 'read, write, ddl or admin',
  `scope` VARCHAR(64) NOT NULL COMMENT 'the name of a table, or * for all',
  PRIMARY KEY (`user`, `privilege`, `scope`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  COMMENT='minisql: privileges';

-- One row that every change locks, so that only the master of the highest term writes. Made last:
-- where this row is, all the tables are.
CREATE TABLE IF NOT EXISTS `catalog_control` (
  `id` INT UNSIGNED NOT NULL COMMENT 'always 1',
  `version` INT UNSIGNED NOT NULL COMMENT 'of these tables; a newer one is never touched',
  `term` BIGINT UNSIGNED NOT NULL COMMENT 'the highest term of a master that wrote',
  `next_rid` BIGINT UNSIGNED NOT NULL COMMENT 'the next server number; none is given twice',
  `next_event` BIGINT UNSIGNED NOT NULL COMMENT 'the next id in events',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  COMMENT='minisql: version, term and counters';

-- Numbers go on above what the tables hold, should this row ever be lost.
INSERT IGNORE INTO `catalog_control` (`id`, `version`, `term`, `next_rid`, `next_event`)
SELECT 1, 1, 0,
  GREATEST(
    (SELECT COALESCE(MAX(`rid`), 0) FROM `region_info`),
    (SELECT COALESCE(MAX(`rid`), 0) FROM `placements`)
  ) + 1,
  (SELECT COALESCE(MAX(`id`), 0) FROM `events`) + 1;

COMMIT;
