  pushq %rbp
  movq %rsp, %rbp
  subq $0x20, %rsp
block0:
  leaq <offset:1>+(%rsp), %rdx
  movl %esi, <offset:1>+(%rsp)
  movq $0x1, <offset:1>+0x10(%rsp)
  movq 0x10(%rdi), %r8
  movq 0xd8(%r8), %r8
  movq 0xa0(%rdi), %rsi
  call    *%r8
  ud2

  pushq %rbp
  movq %rsp, %rbp
  subq $0x50, %rsp
  movq %rbx, 0x20(%rsp)
  movq %r12, 0x28(%rsp)
  movq %r13, 0x30(%rsp)
  movq %r14, 0x38(%rsp)
  movq %r15, 0x40(%rsp)
block0:
  movq %rsi, <offset:1>+0x10(%rsp)
  movq %rdi, <offset:1>+(%rsp)
  movq 0x40(%rdi), %rax
  movq %rdi, %rcx
  movq 0x48(%rcx), %rdi
  movq %rcx, <offset:1>+8(%rsp)
  call    *%rax; jmp MachLabel(3); catch [tag0: MachLabel(1), tag1: MachLabel(2)]
block3:
  movq <offset:1>+8(%rsp), %rdi
  movq %rax, <offset:1>+0x18(%rsp)
  movq <offset:1>+0x18(%rsp), %rsi
  call    User(userextname0); jmp MachLabel(6); catch [tag0: MachLabel(4), tag1: MachLabel(5)]
block6:
  jmp     label7
block7:
  uninit  %rax
  xorl %eax, %eax
  movq 0x20(%rsp), %rbx
  movq 0x28(%rsp), %r12
  movq 0x30(%rsp), %r13
  movq 0x38(%rsp), %r14
  movq 0x40(%rsp), %r15
  addq $0x50, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block9:
  movq 0x20(%rsp), %rbx
  movq 0x28(%rsp), %r12
  movq 0x30(%rsp), %r13
  movq 0x38(%rsp), %r14
  movq 0x40(%rsp), %r15
  addq $0x50, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block11:
  movq 0x20(%rsp), %rbx
  movq 0x28(%rsp), %r12
  movq 0x30(%rsp), %r13
  movq 0x38(%rsp), %r14
  movq 0x40(%rsp), %r15
  addq $0x50, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block1:
  movq %rax, <offset:1>+0x18(%rsp)
  movq <offset:1>+0x18(%rsp), %rcx
  jmp     label10
block2:
  movq %rax, <offset:1>+0x18(%rsp)
  movq <offset:1>+0x10(%rsp), %rax
  jmp     label8
block4:
  movq %rax, %rcx
  jmp     label10
block5:
  movq %rax, %rcx
  movq <offset:1>+0x18(%rsp), %rax
  movq %rcx, <offset:1>+0x18(%rsp)
  jmp     label8
block8:
  jmp     label9
block10:
  movl (%rcx), %eax
  movq 0x10(%rcx), %rcx
  jmp     label11

  pushq %rbp
  movq %rsp, %rbp
  subq $0x40, %rsp
  movq %rbx, 0x10(%rsp)
  movq %r12, 0x18(%rsp)
  movq %r13, 0x20(%rsp)
  movq %r14, 0x28(%rsp)
  movq %r15, 0x30(%rsp)
block0:
  movq %rdi, <offset:1>+(%rsp)
  movq %rdi, <offset:1>+8(%rsp)
  call    User(userextname0); jmp MachLabel(1); catch [tag0: MachLabel(3)]
block1:
  jmp     label2
block4:
  movq %rax, %rcx
  movq %r14, %rax
  movq 0x10(%rsp), %rbx
  movq 0x18(%rsp), %r12
  movq 0x20(%rsp), %r13
  movq 0x28(%rsp), %r14
  movq 0x30(%rsp), %r15
  addq $0x40, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  ud2
block3:
  movl (%rax), %r14d
  movq 0x10(%rax), %rax
  movq <offset:1>+8(%rsp), %rdi
  movq 0x10(%rdi), %rax
  movq 0xf0(%rax), %rax
  call    *%rax
  jmp     label4

  pushq %rbp
  movq %rsp, %rbp
  subq $0x40, %rsp
  movq %rbx, 0x10(%rsp)
  movq %r12, 0x18(%rsp)
  movq %r13, 0x20(%rsp)
  movq %r14, 0x28(%rsp)
  movq %r15, 0x30(%rsp)
block0:
  movq %rdi, <offset:1>+(%rsp)
  movq %rdi, <offset:1>+8(%rsp)
  call    User(userextname0); jmp MachLabel(1); catch [default: MachLabel(3)]
block1:
  jmp     label2
block2:
  uninit  %rax
  xorl %eax, %eax
  jmp     label4
block4:
  movq 0x10(%rsp), %rbx
  movq 0x18(%rsp), %r12
  movq 0x20(%rsp), %r13
  movq 0x28(%rsp), %r14
  movq 0x30(%rsp), %r15
  addq $0x40, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block3:
  movq <offset:1>+8(%rsp), %rdi
  movq 0x10(%rdi), %rax
  movq 0xf0(%rax), %rax
  call    *%rax
  jmp     label4

  pushq %rbp
  movq %rsp, %rbp
  subq $0x50, %rsp
  movq %rbx, 0x20(%rsp)
  movq %r12, 0x28(%rsp)
  movq %r13, 0x30(%rsp)
  movq %r14, 0x38(%rsp)
  movq %r15, 0x40(%rsp)
block0:
  movq %rdi, <offset:1>+(%rsp)
  movq 0x40(%rdi), %rcx
  movq %rcx, <offset:1>+0x18(%rsp)
  movq 0x48(%rdi), %rax
  movq %rdi, <offset:1>+8(%rsp)
  movq %rax, <offset:1>+0x10(%rsp)
  movq <offset:1>+0x10(%rsp), %rdi
  call    *%rcx; jmp MachLabel(1); catch [default: MachLabel(3)]
block1:
  jmp     label2
block2:
  movq 0x20(%rsp), %rbx
  movq 0x28(%rsp), %r12
  movq 0x30(%rsp), %r13
  movq 0x38(%rsp), %r14
  movq 0x40(%rsp), %r15
  addq $0x50, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block3:
  movq <offset:1>+8(%rsp), %rbx
  movq 0x10(%rbx), %rax
  movq 0xe0(%rax), %rax
  uninit  %rcx
  xorl %ecx, %ecx
  movl %ecx, %esi
  movq %rbx, %rdi
  call    *%rax
  movl $0x1, %esi
  movq <offset:1>+0x18(%rsp), %rax
  movq <offset:1>+0x10(%rsp), %rdi
  call    *%rax
  movq 0x10(%rbx), %rax
  movq 0xe8(%rax), %rax
  uninit  %rsi
  xorq %rsi, %rsi
  movq %rbx, %rdi
  call    *%rax
  ud2

