import { SMTPServer } from 'smtp-server';

// Takes every mail and forgets it: whoever keeps a shop's mail is no part of the shop.
const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onData(stream, _session, done) {
    stream.resume().once('end', () => done());
  },
});
server.on('error', () => {});
server.listen(Number(process.env.PORT), '127.0.0.1');
