import { runProcess } from '#libs/runtime';

/** A process as api and worker are ones, that does nothing but say whether it could start. */
void runProcess(
  {
    name: 'probe',
    portVariable: 'PORT',
    create: () =>
      Promise.resolve({
        close: () => Promise.resolve(),
        closeAllConnections: () => undefined,
        listen: () => {
          process.stdout.write('started\n');
          setInterval(() => undefined, 60_000);
          return Promise.resolve();
        },
      }),
  },
  process.env,
);
