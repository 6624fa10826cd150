// Puts on the wire together what a thread sends one by one.
//
// gRPC hands every answer to the kernel by itself, as soon as its call is finished, and the kernel makes a
// packet of it, carries that through the network's layers and wakes whoever reads. A thread that finishes
// many calls at once lets the kernel collect them instead, and sends off what has come together:
//
//   {
//     const HeldSends held;
//     for (auto& call : calls) call.Finish();
//   }  // now they are on their way
//
// How: sendmsg() is ours in programs that use this, and says MSG_MORE where its thread holds (send(2),
// "there is more to come"); at the end every connection that was sent to is told to send what it has (tcp(7),
// TCP_NODELAY: "an explicit flush of pending output"). The kernel itself holds nothing for longer than 200
// ms. Where a library writes by other means, nothing is held, and all works as it would without.
//
// For streams: a thread that holds sends no datagrams, which MSG_MORE would put together.
//
// Threads: one instance belongs to one thread. Instances within each other are one: the outermost sends off.
#ifndef TIMEBANK_SERVER_SERVICES_HELD_SENDS_H_
#define TIMEBANK_SERVER_SERVICES_HELD_SENDS_H_

namespace timebank::services {

class HeldSends {
 public:
  HeldSends();
  ~HeldSends();
  HeldSends(const HeldSends&) = delete;
  HeldSends& operator=(const HeldSends&) = delete;
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_HELD_SENDS_H_
