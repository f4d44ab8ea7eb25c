  pushq %rbp
  movq %rsp, %rbp
  subq $0x10, %rsp
block0:
  movq %rdi, <offset:1>+(%rsp)
  movq 8(%rsi), %rdi
  movq (%rsi), %r8
  movq %rdx, %rsi
  call    *%r8
  addq $0x10, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq

