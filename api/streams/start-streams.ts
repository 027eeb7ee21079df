import { Gauge } from '@prometheus-io/client';
import type { Logger } from '../../config/logger.ts';
import type { Registry } from '../../config/metrics.ts';
import type { EventLog } from '../../db/event-log.ts';
import type { Journal } from '../../db/journal.ts';
import type { Menu } from '../catalog/menu.ts';
import type { ApiSettings } from '../settings.ts';
import { createHub } from './hub.ts';
import { createStreams } from './streams.ts';
import { subscribeToWakeUps } from './wake-ups.ts';

/** Starts the event streams. They wake up for each event, whichever process has recorded it. */
export function startStreams(
  settings: ApiSettings,
  { log, menu, metrics, logger }: { log: EventLog; menu: Menu; metrics: Registry; logger: Logger },
) {
  const publicUrl = settings.PUBLIC_URL;
  const hub = createHub({ log, logger, publicUrl });
  const streams = createStreams({
    log,
    hub,
    menu,
    logger,
    publicUrl,
    heartbeat: settings.STREAM_HEARTBEAT,
    max: settings.MAX_STREAMS,
    maxPerUser: settings.MAX_STREAMS_PER_USER,
  });
  new Gauge({
    name: 'crema_event_streams',
    help: 'Event streams that are open.',
    registers: [metrics],
    collect() {
      this.set(streams.count());
    },
  });
  const unsubscribe = subscribeToWakeUps(settings.REDIS_URL, hub.wake, logger);
  return {
    streams,
    /** Returns a journal that wakes up this process's streams after it has recorded a fact. */
    waking: (journal: Journal): Journal => ({
      ...journal,
      async record(fact) {
        const journaled = await journal.record(fact);
        hub.wake();
        return journaled;
      },
    }),
    stop() {
      streams.stop();
      unsubscribe();
    },
  };
}
