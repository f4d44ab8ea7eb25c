  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x40(%rdi), %r8
  movl %esi, %edi
  movl 4(%r8, %rdi), %eax
  addl 8(%r8, %rdi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %r11d
  uninit  %r10
  xorq %r10, %r10
  movq %r11, %rax
  addq 0x40(%rdi), %rax
  movl $0x80000000, %ecx
  leaq (%rax, %rcx), %r9
  cmpq (%rip), %r11
  cmovaq %r10, %r9
  movl (%r9), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %r8
  movq 0x40(%rdi), %rsi
  movq %r8, %rdi
  movl %edi, %edi
  movl %edx, (%rsi, %rdi)
  movq %rbp, %rsp
  popq %rbp
  retq

