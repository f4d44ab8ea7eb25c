  pushq %rbp
  movq %rsp, %rbp
block0:
  testl $0x3, %esi
  jnz #trap=user3
  movq 0x40(%rdi), %rdi
  movl %esi, %r8d
  movl (%rdi, %r8), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  leal 1(%rsi), %r8d
  testl $0x1, %r8d
  jnz #trap=user3
  movq 0x40(%rdi), %r9
  movl %esi, %r10d
  movzwq 3(%r9, %r10), %r9
  movzwq %r9w, %rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl $0x7, %esi
  jnz #trap=user3
  movq 0x40(%rdi), %r8
  movl %esi, %r9d
  xchgq %rdx, 0x10(%r8, %r9)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x40(%rdi), %r8
  movl %esi, %edi
  xchgb %dl, (%r8, %rdi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl $0x3, %esi
  jnz #trap=user3
  movq 0x50(%rdi), %r8
  movl %esi, %r9d
  movq %rdx, %rax
  lock xaddl %eax, (%r8, %r9)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x40(%rdi), %r8
  movl %esi, %r9d
  atomically { 8_bits_at_[%r9] Or= %r10; %rax = old_value_at_[%r9]; %r11, %rflags = trash }
  movzbl %al, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl $0x7, %esi
  jnz #trap=user3
  movq 0x40(%rdi), %r9
  movl %esi, %r10d
  movq %rdx, %rax
  lock cmpxchgq %rcx, (%r9, %r10) ;; implicit: %rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x40(%rdi), %r8
  movl %esi, %edi
  movl (%r8, %rdi), %eax
  mfence
  addl (%r8, %rdi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x48(%rdi), %r8
  movq 8(%r8), %rsi
  shrq $0x10, %rsi
  movq 0x58(%rdi), %rdi
  shrq $0x10, %rdi
  leal (%rsi, %rdi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rcx, %r9
  movq %rdx, %rcx
  movq 0x10(%rdi), %rax
  movq 0x148(%rax), %rax
  uninit  %r8
  xorl %r8d, %r8d
  movl %esi, %edx
  leaq 4(%rdx), %rdx
  movl %r8d, %esi
  movl %ecx, %ecx
  movq %r9, %r8
  call    *%rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rdx, %rcx
  movq 0x10(%rdi), %r11
  movq 0x158(%r11), %r11
  uninit  %rax
  xorl %eax, %eax
  movl %esi, %edx
  movl %eax, %esi
  movq %rcx, %rax
  movl %eax, %ecx
  call    *%r11
  movq %rbp, %rsp
  popq %rbp
  retq

